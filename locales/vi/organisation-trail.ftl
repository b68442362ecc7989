### Nhật ký kiểm toán: ai đã xem, chỗ nào không khớp, dữ liệu nào được mã hóa

capability-view-readings = Xem ai đã xem dữ liệu của cơ quan
audit-signed = Đã ký đến dòng { $count }.
audit-on-behalf-of = Thay mặt
audit-for = cho { $name }

reading-navigation = Ai đã xem
reading-title = Ai đã xem dữ liệu của cơ quan
reading-explained = Mỗi yêu cầu đọc sự kiện, sự cố, báo cáo sự cố hoặc dữ liệu cá nhân của cơ quan là một dòng: ai, cho cơ quan nào, để làm gì, và bao nhiêu bản ghi của cơ quan đã hiện ra.
reading-of = Dữ liệu của
reading-for = Cơ quan của người xem
reading-purpose = Mục đích
reading-records = Số bản ghi đã xem
reading-counted-only = chỉ đếm
reading-own-too = Kể cả người của cơ quan
reading-none = Chưa có ai khác xem
reading-none-yet = Khi có người ngoài cơ quan đọc sự kiện, sự cố, báo cáo sự cố hoặc dữ liệu cá nhân của cơ quan, lần đọc đó hiện tại đây.
reading-none-text = Với bộ lọc này, chưa có ai ngoài cơ quan đọc dữ liệu của cơ quan.

reading-purpose-search = Tìm kiếm
reading-purpose-live = Xem trực tiếp
reading-purpose-event = Một sự kiện
reading-purpose-alert = Xem xét cảnh báo
reading-purpose-page = Truy vấn SQL
reading-purpose-export = Xuất ra tệp
reading-purpose-api = Chương trình truy vấn
reading-purpose-schedule = Tìm kiếm theo lịch
reading-purpose-command = Dòng lệnh của máy chủ
reading-purpose-unread-lines = Xem dòng chưa đọc được
reading-purpose-format = Viết định dạng từ dòng thật
reading-purpose-reveal = Xem đầy đủ thông tin liên hệ
reading-purpose-edit = Sửa thông tin liên hệ
reading-purpose-call = Gọi người đang trực
reading-purpose-notice = Lập báo cáo sự cố
reading-purpose-incident = Xem xét sự cố
reading-purpose-report = Đọc báo cáo sự cố
reading-purpose-document = Tải văn bản báo cáo sự cố

audit-object-system-contact = Đầu mối của hệ thống
audit-access-refuse = Từ chối một thao tác không có quyền
audit-object-operation = Thao tác
audit-object-keys = Khóa mã hóa
audit-system-contact-read = Xem đầu mối của hệ thống
audit-keys-seal = Mã hóa dữ liệu cá nhân
audit-audit-checkpoint = Ký nhật ký kiểm toán

audit-fault-missing = Thiếu các dòng từ { $first } đến { $last }; không kiểm tra được dòng ngay sau đó.
audit-fault-altered = Dòng { $first } đã bị sửa, hoặc bị đặt vào chỗ của dòng khác.
audit-fault-unreadable = Không đọc được dòng { $first }.
audit-fault-disordered = Dòng { $first } không đúng thứ tự.
audit-fault-readings = Dòng { $first }: danh sách cơ quan bị xem dữ liệu không như đã ghi.
audit-fault-stray = Dòng { $first } nằm ngoài chuỗi: được thêm vào mà không qua chương trình.
audit-fault-stray-reading = Danh sách cơ quan bị xem dữ liệu nói đến dòng { $first }, nhưng nhật ký không có dòng đó.
audit-fault-head = Đầu chuỗi không nhận dòng { $last } là dòng cuối.
audit-fault-cut-off = Các dòng từ { $first } đến { $last } đã được ký nhưng không còn.
audit-fault-rewritten = Các dòng từ { $first } đến { $last } không phải là những dòng đã ký: chúng đã bị thay cùng với mã băm.
audit-fault-checkpoint = Điểm ký số { $first } bị hỏng, sai thứ tự, hoặc do khóa khác ký.
audit-fault-key = Điểm ký số { $first } do khóa khác ký mà nhật ký không ghi ai đã nhận khóa ấy.
audit-fault-checkpoint-missing = Thiếu điểm ký số { $first }, hoặc đó không phải điểm ký mà nhật ký đã ghi.

audit-verified = { $rows } dòng, { $checkpoints } điểm ký; đã ký đến dòng { $signed }
  dòng cuối { $sha256 }
  khóa { $key }
audit-sound = mọi dòng và mọi điểm ký đều khớp
audit-other-key = các điểm ký do khóa khác ký: { $key }
audit-no-export = { $file } không phải là tệp nhật ký kiểm toán
audit-exported = đã ghi { $rows } dòng và { $checkpoints } điểm ký
  dòng cuối { $sha256 }
  khóa { $key }
audit-nothing-to-sign = nhật ký kiểm toán chưa có dòng nào
audit-checkpoint-made = điểm ký số { $number } cho { $rows } dòng
  SHA-256 { $sha256 }
  khóa { $key }

command-no-data = Không có thư mục dữ liệu { $directory }; hãy kiểm tra lại đường dẫn.
audit-key-missing = Mất khóa ký nhật ký kiểm toán (tệp audit.key): nhật ký vẫn ghi nhưng không được ký. Hãy đặt lại tệp từ nơi cất giữ; nếu đã mất hẳn, dừng máy chủ và chạy `luytre keys accept-trail-key`.
audit-key-other = Khóa trong audit.key không phải khóa đã ký nhật ký kiểm toán lần trước: nhật ký vẫn ghi nhưng không được ký. Hãy đặt lại đúng tệp; nếu khóa cũ đã mất hẳn, dừng máy chủ và chạy `luytre keys accept-trail-key`.
audit-audit-accept-key = Nhận khóa ký mới cho nhật ký kiểm toán
keys-missing = Thiếu { $file }, trong khi sổ đăng ký có dữ liệu mã hóa bằng khóa trong tệp này. Hãy đặt lại tệp từ nơi cất giữ. Nếu đã mất hẳn, hãy đặt vào đó một khóa mới gồm 64 chữ số thập lục phân: số điện thoại, địa chỉ thư và bí mật sẽ phải nhập lại.
keys-stop-first = hãy dừng máy chủ trước: nếu không, máy chủ vẫn dùng khóa cũ
keys-trail-is-well = khóa ký nhật ký kiểm toán vẫn đúng; không có gì phải nhận
keys-trail-accepted = từ nay nhật ký kiểm toán được ký bằng khóa { $key }; hãy ghi lại dấu vân tay này ở nơi khác
keys-rotated = { $sealed } mục đã được mã hóa bằng khóa mới
keys-unreadable = { $count } mục không mở được bằng khóa nào hiện có; khóa cũ vẫn được giữ trong tệp
keys-old-may-go = không còn cần các khóa kia: hãy bỏ chúng khỏi cấu hình

person-reveal = Hiện thông tin liên hệ
person-reveal-hint = Hệ thống ghi lại ai đã xem.
system-reveal = Hiện đầu mối
roster-show-phone = hiện số

audit-service-luytre = Lũy Tre (tự động)
audit-service-checkpoint = Lũy Tre (ký nhật ký)
audit-service-notices = Lũy Tre (gửi tin)
audit-service-account-review = Lũy Tre (rà soát tài khoản)
audit-service-agency-changes = Lũy Tre (sáp nhập, đổi tên cơ quan)
audit-service-seal = Lũy Tre (mã hóa dữ liệu)
audit-service-command-line = Dòng lệnh của máy chủ
