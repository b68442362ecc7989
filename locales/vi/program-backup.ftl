### Bản sao lưu và việc khôi phục

backup-made = { $directory }: { $files } tệp, { $bytes } byte
  SHA-256 của backup.json { $sha256 }
backup-without-keys = Khóa và cấu hình (*.key, luytre.toml) không nằm trong bản sao lưu. Hãy cất bản chép của chúng ở nơi khác: thiếu fields.key thì không đọc được số điện thoại, địa chỉ thư và bí mật trong sổ đăng ký. Muốn đưa vào, thêm `--with-keys`.
backup-with-keys = Khóa và cấu hình nằm trong bản sao lưu: ai có bản này thì đọc được mọi thứ và ký được thay Trung tâm.
backup-archived = { $segments } đoạn lưu của những ngày đã lâu nằm ở nơi lưu trữ, không có trong bản sao lưu.
backup-elsewhere = không chép: { $directory } nằm ngoài thư mục dữ liệu; hãy sao lưu riêng
backup-incomplete = ✗ BẢN SAO LƯU KHÔNG ĐẦY ĐỦ: có { $files } tệp không đọc được. Phần còn lại dùng được; hãy xem đĩa rồi sao lưu lại.
backup-skipped = không chép: { $file } là liên kết, hoặc có tên lạ
backup-damaged = ✗ { $file } đã hỏng sẵn trong kho: “{ $reason }”; `luytre store repair` sửa những gì còn sửa được
backup-verified = { $directory }: lập lúc { $time }, người lập { $by }, phiên bản { $program }, { $files } tệp, { $bytes } byte
  SHA-256 của backup.json { $sha256 }
backup-holds = có { $events } sự kiện, mới nhất lúc { $newest }, { $alerts } cảnh báo, { $people } tài khoản, { $rows } dòng nhật ký kiểm toán
  khóa của nhật ký { $key }
backup-holds-archived = { $events } sự kiện nữa nằm ở nơi lưu trữ, không có trong bản sao lưu
backup-registers-unopened = Sổ đăng ký là bản kết xuất của PostgreSQL: đã so mã băm và danh sách bảng. Nhật ký kiểm toán trong đó được kiểm tra khi khôi phục.
backup-sound = mọi mã băm đều khớp; mở được sổ đăng ký, nhật ký kiểm toán và kho sự kiện
backup-fault-altered = ✗ { $file } không còn như lúc được ghi
backup-fault-missing = ✗ thiếu { $file }
backup-fault-unlisted = ✗ { $file } không thuộc bản sao lưu
backup-fault-unreadable = ✗ không đọc được { $file }: { $reason }
backup-fault-uncopied = ✗ không đọc được { $file } lúc sao lưu nên không có trong bản sao lưu: “{ $reason }”
backup-fault-database = ✗ { $file } không mở được như cơ sở dữ liệu: “{ $reason }”
backup-fault-store = ✗ { $file }: “{ $reason }”
backup-fault-trail = ✗ { $file }, nhật ký kiểm toán: { $reason }

backup-none = { $directory } không phải bản sao lưu, hoặc là bản chưa lập xong
backup-inventory-altered = ✗ { $file } không còn như lúc được ghi: không thể kết luận gì về bản sao lưu này
backup-newer = { $directory } do phiên bản mới hơn của chương trình lập; hãy cài phiên bản đó
backup-file = { $file }: “{ $reason }”
backup-no-target = Không có thư mục { $directory } để chứa bản sao lưu; đĩa đã được gắn chưa?
backup-inside = { $directory } nằm trong thư mục dữ liệu; bản sao lưu phải để nơi khác
backup-exists = { $directory } đã có; không ghi đè
backup-no-administrator = { $account } không phải tài khoản quản trị của cả Trung tâm
backup-no-program = Chưa cài chương trình { $program }. Chương trình này thuộc PostgreSQL (trên Debian: postgresql-client), cần có khi sổ đăng ký nằm trong PostgreSQL
backup-program = { $program } không thực hiện được: “{ $reason }”
backup-no-registers = { $file } không chứa sổ đăng ký của chương trình này
backup-database-address = Không đọc được địa chỉ cơ sở dữ liệu (database.url)

restore-stop-first = hãy dừng máy chủ trước: không thay thư mục dữ liệu đang dùng
restore-in-use = Tiến trình { $pid } đang dùng thư mục dữ liệu; hãy dừng nó trước
restore-running = Đang khôi phục thư mục dữ liệu này; hãy chờ đến khi xong
restore-needs-elevation = Thư mục dữ liệu đang có dữ liệu: phải có người thứ hai duyệt thì bản sao lưu mới được thay vào. Hãy đăng nhập bằng tài khoản quản trị, vào trang Quyền có thời hạn (/elevations), đề nghị “Khôi phục bản sao lưu” với mã { $sha256 } kèm lý do, chờ người khác duyệt, dừng máy chủ rồi chạy lại lệnh này trong thời hạn với --account và tài khoản của bạn.
restore-of-another = Điều đã được duyệt là khôi phục một bản sao lưu khác. Bản này có mã { $sha256 } và phải được đề nghị, duyệt riêng.
restore-no-kind = Chính sách quyền có thời hạn (organisation/elevations.toml trong thư mục nội dung) không có loại “restore”; hãy chép loại này từ tệp có sẵn
restore-nobody = { $directory } có dữ liệu mà không có tài khoản nào, nên không ai duyệt được. Nếu không cần, hãy tự chuyển thư mục này đi; khi đó việc khôi phục bắt đầu như trên máy mới.
restore-unreadable = Không mở được sổ đăng ký trong { $directory } nên không hỏi được ai: { $reason }. Nếu không sửa được, hãy tự chuyển thư mục này đi và giữ lại; khi đó việc khôi phục bắt đầu như trên máy mới.
restore-other-database = Bản sao lưu có sổ đăng ký của { $backup }, còn cấu hình ghi { $own } (database.url)
restore-database = Sổ đăng ký trong bản sao lưu bị hỏng: “{ $reason }”
restore-altered = { $file } trong bản sao lưu không còn như lúc được ghi; `luytre backup verify` nói đầy đủ
restore-mounted = { $directory } là gốc của một đĩa nên không đổi tên được. Hãy dùng một thư mục con trên đĩa đó làm thư mục dữ liệu, hoặc khôi phục vào thư mục khác rồi chuyển nội dung sang.
restore-in-the-way = { $directory } đang chắn chỗ và không do việc khôi phục tạo ra; hãy chuyển nó đi
restore-unfinished = Một lần khôi phục bị ngắt giữa chừng và chưa thay đổi gì: thư mục dữ liệu vẫn như cũ. Hãy chạy lại `luytre restore`, hoặc xóa { $directory }.
restore-loading = PostgreSQL vẫn đang nạp sổ đăng ký của { $backup } cho một lần khôi phục đã bị ngắt. Chưa có gì thay đổi; hãy chờ đến khi nạp xong rồi chạy lại lệnh này.
restore-between = Một lần khôi phục bị ngắt sau khi PostgreSQL có thể đã nhận sổ đăng ký của { $backup }: sổ đăng ký và sự kiện có thể không khớp nhau. Hãy chạy `luytre restore { $backup }` lần nữa; lệnh làm nốt phần còn thiếu.
restore-gap = Một lần khôi phục bị ngắt khi hai thư mục đang đổi chỗ. Lấy dữ liệu khôi phục bằng `mv { $restored } { $directory }`, hoặc dữ liệu cũ bằng `mv { $replaced } { $directory }`; đừng xóa gì trước đó.
restore-finished = Lần khôi phục { $backup } bị ngắt nay đã hoàn tất. Dữ liệu bị thay: { $replaced }

restore-done = { $directory } đã được khôi phục từ { $backup }, lập lúc { $time }, người lập { $by }
  SHA-256 của backup.json { $sha256 }
restore-holds = { $events } sự kiện, mới nhất lúc { $newest }, { $alerts } cảnh báo, { $rows } dòng nhật ký kiểm toán
restore-elevation = Đã được duyệt bằng quyền có thời hạn { $id }; lần dùng nằm trong nhật ký trước, việc khôi phục nằm trong nhật ký hiện nay.
restore-nobody-asked = Thư mục dữ liệu không có gì nên không có ai để duyệt; dòng mới đầu tiên của nhật ký kiểm toán ghi rõ điều này.
restore-replaced = Dữ liệu trước đó được giữ ở { $directory }
restore-schema = Sổ đăng ký trước đó được giữ trong lược đồ { $schema } của cơ sở dữ liệu
restore-key-missing = Hãy đặt { $file } vào { $directory } trước lần khởi động đầu tiên: nếu thiếu, những gì đã mã hóa bằng khóa cũ không đọc được và không ký thêm được gì.
restore-other-key = Nhật ký kiểm toán trong bản sao lưu được ký bằng khóa khác với audit.key hiện có; hãy đặt khóa khi đó vào thư mục dữ liệu, nếu không các điểm ký không còn khớp.
restore-as-of-then = Tài khoản, vai trò và khóa API trở lại như lúc sao lưu: những gì đã đóng hay thu hồi từ đó lại mở, hãy rà soát. Mọi phiên đăng nhập đã kết thúc. Tin nhắn khi đó đang chờ có thể được gửi thêm một lần.

audit-backup-make = Lập bản sao lưu
audit-backup-restore = Khôi phục bản sao lưu
audit-object-backup = Bản sao lưu
