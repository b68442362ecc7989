### Tổ chức: kế thừa giữa các cơ quan, bảng nhập, người phụ trách, chứng chỉ, chuyên gia

## Cơ quan

agency-parent-code = Mã cơ quan cấp trên
agency-no-such-parent = Không có cơ quan nào mang mã cấp trên này
agency-no-such-successor = Không có cơ quan kế thừa nào mang mã này
agency-no-such-code = Không có cơ quan nào mang mã này
agency-basis = Căn cứ
agency-basis-hint = Văn bản quy định việc này. Ví dụ: Nghị quyết số …/NQ-UBTVQH15.
agency-name-since = Tên mới có từ ngày
agency-name-since-hint = Chỉ điền khi đổi tên. Bỏ trống: từ hôm nay.
agency-name-since-wrong = Ngày đổi tên phải sau lần đổi trước và không ở tương lai
agency-formerly = trước là { $name }
agency-become = Sáp nhập, chuyển thành
agency-become-of = { $name } sáp nhập hoặc chuyển thành
agency-successor = Cơ quan kế thừa
agency-successor-hint = Đơn vị trực thuộc chuyển sang cơ quan kế thừa; hồ sơ cũ vẫn còn và cơ quan kế thừa xem được. Khi chia thành nhiều nơi, hãy làm lại với từng nơi.
agency-became = Đã trở thành
agency-became-code = Mã cơ quan kế thừa
agency-became-at = Từ ngày
agency-became-at-hint = Bỏ trống: từ hôm nay.
agency-became-now = Đã ghi cơ quan kế thừa.
agency-became-when-wrong = Ngày phải sau khi cơ quan có và không ở tương lai
agency-became-that-already = Đã ghi cơ quan kế thừa này rồi
agency-cannot-become-that = Cơ quan kế thừa phải đang hoạt động và không nằm dưới cơ quan này
agency-came-from = Hình thành từ
agency-since-date = từ { $date }
agency-import = Nhập bảng cơ quan
audit-agency-become = Ghi cơ quan kế thừa

## Bảng nhập

sheet-empty = Bảng trống: dòng đầu phải là tên các cột.
sheet-column-unknown = Không có cột nào tên là “{ $column }”.
sheet-column-missing = Thiếu cột { $column }.
sheet-too-long = Bảng dài quá { $most } dòng; hãy chia nhỏ.
sheet-too-wide = Dòng đầu có quá { $most } cột.
sheet-not-text = Bảng không phải là văn bản UTF-8: hãy lưu dạng “CSV UTF-8” hoặc .xlsx.
sheet-file-too-large = Tệp quá lớn: chỉ giữ lại bảng, hoặc chia nhỏ.
sheet-file-unreadable = Không đọc được tệp Excel: hãy mở ra, lưu lại dạng .xlsx rồi thử lại.
sheet-file-old = Tệp Excel kiểu cũ (.xls) hoặc có mật khẩu: hãy lưu lại dạng .xlsx, không mật khẩu.
sheet-cell-error = Ô chứa lỗi, không phải giá trị
sheet-line-unreadable = Dòng không đọc được
sheet-line-cells = Số ô không khớp với dòng đầu
sheet-twice = Đã có ở một dòng phía trên
sheet-not-found = Không tìm thấy trong phạm vi của bạn
sheet-not-allowed = Bạn không được phép làm việc này
sheet-new = mới
sheet-changed = thay đổi
sheet-same = giữ nguyên
sheet-refused = bị từ chối
sheet-totals = { $new } mới, { $changed } thay đổi, { $same } giữ nguyên, { $refused } bị từ chối.
sheet-dry-run = Chạy thử, chưa ghi gì:
sheet-taken = Đã ghi:
sheet-take = Ghi các dòng đúng
sheet-try = Chạy thử
sheet-back = Danh sách
sheet-export = Tải danh sách hiện có
sheet-file = Tệp bảng
sheet-file-hint = Excel (.xlsx, trang tính đầu tiên) hoặc CSV UTF-8, không quá { $most }. Có tệp thì không cần dán.
sheet-field = Dán bảng (CSV)
sheet-field-hint = Dán cả dòng tên cột. Các ô cách nhau bằng dấu phẩy, chấm phẩy hoặc tab; ô trống giữ nguyên giá trị đang có. Một dòng sai không ảnh hưởng các dòng khác.
sheet-columns = Các cột: { $columns }. Cũng nhận tên cột như trong danh sách tải về.
sheet-lines = Từng dòng của bảng
sheet-line = Dòng
sheet-subject = Mã hoặc tài khoản
sheet-outcome = Kết quả
sheet-details = Chi tiết

## Tài khoản

account-kind = Loại tài khoản
account-kind-hint = Tài khoản dịch vụ dành cho máy: không ai đăng nhập được vào các trang.
account-kind-administrative = Quản trị
account-kind-operational = Tác nghiệp
account-kind-technical = Kỹ thuật
account-kind-service = Dịch vụ
person-agency-code = Mã cơ quan
person-import = Nhập bảng người dùng
role-column = Giao vai trò
role-agency-column = Mã cơ quan của vai trò
role-from-column = Vai trò từ ngày
role-to-column = Vai trò đến hết ngày
audit-person-import = Nhập bảng người dùng
inbox-accounts-idle = Đã khóa { $count } tài khoản lâu không dùng

## Người phụ trách

incumbent-navigation = Người phụ trách
incumbent-list = Người phụ trách
incumbent-of = Người phụ trách: { $name }
incumbent-manage = Xem, phân công
incumbent-person = Người
incumbent-post = Nhiệm vụ
incumbent-post-head = Người đứng đầu
incumbent-post-deputy = Cấp phó
incumbent-post-dedicated = Cán bộ chuyên trách an ninh mạng
incumbent-decision = Quyết định
incumbent-decision-hint = Số và ngày của quyết định phân công.
incumbent-appoint = Phân công
incumbent-appointed = Đã phân công.
incumbent-no-access = Phân công không kèm quyền truy cập: quyền đi theo vai trò.
incumbent-relieve = Thôi nhiệm vụ
incumbent-relieved = Đã ghi thôi nhiệm vụ.
incumbent-none = Chưa phân công ai.
incumbent-not-now = không phải lúc này
incumbent-leave = Vắng mặt, người thay
incumbent-away = Người vắng mặt
incumbent-away-from = Vắng từ ngày
incumbent-away-to = Đến hết ngày
incumbent-substitute = Người thay
incumbent-add-leave = Ghi vắng mặt
incumbent-away-noted = Đã ghi vắng mặt và người thay.
incumbent-end-leave = Đã trở lại
incumbent-back = Đã ghi trở lại.
incumbent-missing = Chưa có: { $post }
incumbent-none-missing = Không thiếu ai
incumbent-none-missing-text = Mọi cơ quan trong phạm vi của bạn đã có người.
incumbent-as-of = Tại thời điểm
incumbent-person-disabled = Tài khoản của người này đã khóa
incumbent-already = Người này đang giữ nhiệm vụ đó trong thời gian ấy
incumbent-post-taken = Trong thời gian ấy nhiệm vụ đã có người; hãy ghi thôi nhiệm vụ trước
incumbent-over = Nhiệm vụ đã kết thúc
incumbent-not-oneself = Người thay phải là người khác
incumbent-not-then = Người này không giữ nhiệm vụ trong thời gian ấy
incumbent-away-already = Thời gian này đã ghi vắng mặt
audit-incumbent-appoint = Phân công người phụ trách
audit-incumbent-relieve = Ghi thôi nhiệm vụ
audit-incumbent-substitute = Ghi vắng mặt và người thay
audit-incumbent-return = Ghi trở lại sau vắng mặt

## Chứng chỉ và kỹ năng

qualification-navigation = Chứng chỉ, kỹ năng
qualification-list = Chứng chỉ, kỹ năng
qualification-of = Chứng chỉ, kỹ năng: { $name }
qualification-words = Tên chứng chỉ hoặc người
qualification-kind = Loại
qualification-kind-certificate = Chứng chỉ
qualification-kind-training = Khóa đào tạo
qualification-kind-skill = Kỹ năng
qualification-name = Tên
qualification-issuer = Nơi cấp
qualification-number = Số hiệu
qualification-obtained = Ngày cấp
qualification-expires = Hết hạn
qualification-expires-hint = Ngày cuối cùng còn hiệu lực. Bỏ trống: không thời hạn.
qualification-soon = Hết hạn trong { $days } ngày
qualification-over = Đã hết hạn
qualification-none-yet = Chưa ghi chứng chỉ hay kỹ năng nào.
qualification-none = Không có chứng chỉ hay kỹ năng nào khớp
qualification-none-text = Ghi chứng chỉ ở trang của từng người.
qualification-add = Thêm
qualification-added = Đã thêm.
qualification-remove = Xóa
qualification-removed = Đã xóa.
audit-qualification-add = Thêm chứng chỉ, kỹ năng
audit-qualification-remove = Xóa chứng chỉ, kỹ năng

## Chuyên gia

expert-navigation = Chuyên gia
expert-list = Chuyên gia có thể mời
expert-words = Tên hoặc lĩnh vực
expert-new = Thêm chuyên gia
expert-edit = Sửa
expert-workplace = Nơi công tác
expert-fields = Lĩnh vực
expert-fields-hint = Ví dụ: phân tích mã độc, điều tra số, Active Directory.
expert-available = Đang mời được
expert-at-night = Gọi được ban đêm
expert-night-phone = Số gọi ban đêm
expert-night-call = Cách gọi ban đêm
expert-night-call-hint = Gọi ai trước, nói gì, vào cổng nào.
expert-night-how = Ghi số hoặc cách gọi ban đêm
expert-agreed-until = Đồng ý đến hết ngày
expert-register-of = Danh sách của
expert-call = Xem cách gọi
expert-call-hint = Số điện thoại và cách gọi chỉ hiện khi bấm “Xem cách gọi”; ai đã xem được ghi vào nhật ký.
expert-close = Đưa ra khỏi danh sách
expert-reopen = Đưa lại vào danh sách
expert-not-now = hiện không mời được
expert-yes = có
expert-no = không
expert-none = Chưa có chuyên gia nào khớp
expert-none-text = Thử bớt điều kiện lọc, hoặc thêm chuyên gia vào danh sách.
expert-added = Đã thêm chuyên gia.
expert-changed = Đã lưu thay đổi.
expert-closed-now = Đã đưa ra khỏi danh sách.
expert-reopened = Đã đưa lại vào danh sách.
audit-object-expert = Chuyên gia
audit-expert-add = Thêm chuyên gia
audit-expert-change = Sửa chuyên gia
audit-expert-close = Đưa chuyên gia ra khỏi danh sách
audit-expert-reopen = Đưa chuyên gia lại vào danh sách
audit-expert-read = Xem cách gọi chuyên gia
