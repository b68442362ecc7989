### monitoring: nhập gói quy tắc, gói có ký

## Trang nhập
rules-import-title = Nhập gói quy tắc
rules-import-about = Gói có ký chỉ được nhận từ người ký mà Trung tâm đã tin. Bản phát hành (ví dụ của SigmaHQ) không có chữ ký của ta: hãy tự kiểm tra nơi tải về. Bấm Xem trước để biết gói thay đổi những gì; chưa ghi gì cho đến khi bấm Ghi vào máy chủ.
rules-import-kind = Loại gói
rules-import-kind-bundle = Gói có ký
rules-import-kind-release = Bản phát hành không ký (zip)
rules-import-folder = Tên thư mục của bản phát hành
rules-import-folder-hint = Chữ thường không dấu, số, gạch nối; mọi phiên bản của cùng một bộ quy tắc dùng cùng tên, ví dụ sigma. Gói có ký đã có tên sẵn.
rules-import-on-trial = Quy tắc mới bắt đầu ở trạng thái chạy thử
rules-import-on-trial-hint = Được đếm nhưng không cảnh báo ai, cho đến khi có người bật.
rules-import-file = Tệp
rules-import-file-hint = Không quá { $most }; tệp lớn hơn thì nhập bằng dòng lệnh trên máy chủ.
rules-import-file-too-large = Tệp quá lớn cho trang này; hãy nhập bằng dòng lệnh trên máy chủ.
rules-import-no-script = Trình duyệt đang tắt JavaScript nên không gửi được tệp; hãy nhập bằng dòng lệnh trên máy chủ.
rules-import-look = Xem trước
rules-import-preview = Xem trước, chưa ghi gì:
rules-import-take = Ghi vào máy chủ
rules-import-taken = Đã ghi; quy tắc được nạp sau vài giây.
rules-import-not-loaded = Không nạp được
rules-import-lines = thêm { $added } dòng, bớt { $removed } dòng

## Vì sao không nhận
pack-missing = Hãy chọn một tệp.
pack-not-whole = Tệp gửi lên không nguyên vẹn, không giải mã được; hãy chọn lại tệp zip và gửi lại.
pack-no-archive = Đây không phải là thư mục hay tệp zip.
pack-unreadable = Không đọc hoặc ghi được { $path }: { $reason }
pack-too-deep = Thư mục lồng nhau quá sâu: { $path }
pack-too-many = Gói có quá nhiều tệp; nhận nhiều nhất { $most }.
pack-too-large = Gói giải nén ra quá lớn; nhận nhiều nhất { $most } MiB.
pack-is-bundle = Đây là gói có ký: hãy nhập như gói có ký, để chữ ký được kiểm tra.
bundle-none = Tệp này không phải là gói có ký.
bundle-too-large = Gói quá lớn; nhận nhiều nhất { $most } MiB.
bundle-too-many = Gói có quá nhiều tệp.
bundle-altered = Gói bị hỏng hoặc đã bị sửa: tệp không đúng như khi được lập. Hãy chép lại từ nơi phát hành.
bundle-format = Gói theo định dạng mà phiên bản chương trình này không biết.
bundle-file-altered = Tệp { $path } trong gói không đúng như bản kê đã ký: bị sửa, thiếu hoặc thừa.
bundle-manifest = Bản kê của gói có mục không hợp lệ: { $field }
bundle-path = Tệp không được mang tên { $path } trong gói: chỉ dùng chữ không dấu, số, dấu cách và . _ - + ( )
bundle-signer-unknown = Không tin người ký gói này (khóa { $key }). Nếu đúng là người quen, quản trị máy chủ đối chiếu dấu vân tay rồi dùng luytre bundle trust.
bundle-signer-missing = Không có người ký nào đang được tin với khóa { $key }.
bundle-signature-wrong = Chữ ký không đúng với khóa của { $signer }: gói đã bị sửa hoặc do người khác lập.
bundle-expired = Gói đã hết hạn ngày { $until }; hãy lấy gói mới hơn.
bundle-of-another = Gói tên { $name } trước nay do { $signer } ký; người khác không được dùng tên ấy khi còn tin { $signer }.
bundle-older = Gói cũ hơn gói đã nhập: số { $serial }, đã nhập số { $last }. Không quay lại bản cũ.
bundle-same-serial = Đã nhập một gói khác cũng mang số { $serial }.
bundle-no-key = Tệp này không phải là khóa công khai để kiểm tra gói.
bundle-registers = Danh sách, dải địa chỉ, chỉ báo đi kèm
bundle-register = Sổ
bundle-register-value-lists = danh sách giá trị
bundle-register-address-ranges = dải địa chỉ
bundle-register-indicators = chỉ báo
bundle-register-added = Thêm
bundle-register-changed = Đổi
bundle-register-same = Như cũ
bundle-register-refused = Không nhận
bundle-many-tables = Gói có quá nhiều bảng; nhận nhiều nhất { $most }.
bundle-table-too-long = Đến tệp { $path } thì danh sách và dải địa chỉ của gói có quá { $most } dòng; hãy chia ra nhiều gói.
bundle-table = Không nhận được tệp { $path }: { $reason }

## Trang gói có ký
bundle-title = Gói có ký
bundle-about = Mỗi gói được ký bằng Ed25519 và ML-DSA-65; cả hai chữ ký phải đúng. Gói hết hạn, cũ hơn gói đã nhập hoặc bị sửa thì không được nhận.
bundle-imports = Gói đã nhập
bundle-imports-none = Chưa nhập gói nào.
bundle-signers = Người ký được tin
bundle-signers-none = Chưa tin người ký nào.
bundle-trust-how = Tin và thôi tin một người ký là việc của quản trị máy chủ: luytre bundle trust, luytre bundle distrust.
bundle-name = Gói
bundle-serial = Số thứ tự
bundle-signer = Người ký
bundle-rules = Quy tắc
bundle-made-at = Lập lúc
bundle-valid-until = Có hiệu lực đến
bundle-imported-at = Nhập lúc
bundle-imported-by = Người nhập
bundle-digest = SHA-256 của tệp
bundle-key = Dấu vân tay của khóa
bundle-trusted-at = Tin từ
bundle-trusted-by = Người quyết định
bundle-trusted = Đang tin
bundle-withdrawn = Thôi tin
bundle-of-rule = Từ gói
bundle-signed-by = ký bởi { $signer }

## Lệnh bundle
bundle-key-exists = { $file } đã có; khóa không bị ghi đè
bundle-key-made = đã lập khóa; dấu vân tay { $key }
bundle-fingerprint-other = dấu vân tay của khóa là { $key }, khác với dấu vân tay đã cho; chưa tin khóa này
bundle-now-trusted = từ nay nhận gói do khóa { $key } ký
bundle-now-withdrawn = không nhận gói nào do khóa { $key } ký nữa
bundle-described = { $name } { $version }, số { $serial }, { $files } tệp, lập { $made }, hiệu lực đến { $until }, sha256 { $digest }, khóa { $key }

bundle-not-made = chưa lập gói: { $count } chỗ không nạp được hoặc không đúng như ca thử, đã kê ở trên
bundle-contents = gồm { $rules } quy tắc, { $correlations } tương quan, { $filters } bộ lọc, { $cases } ca thử, { $terms } tệp giấy phép
bundle-contents-table = { $file }: { $register }, { $lines } dòng
bundle-register-line = { $file }: { $register }: thêm { $added }, đổi { $changed }, như cũ { $same }, không nhận { $refused }

## Nhật ký kiểm toán
audit-bundle-trust = Tin người ký gói quy tắc
audit-bundle-distrust = Thôi tin người ký gói quy tắc
audit-bundle-import = Nhập gói quy tắc có ký
audit-object-bundle = Gói có ký
audit-object-bundle-signer = Người ký gói
