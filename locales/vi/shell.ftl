### Khung trang và các thành phần dùng chung.

shell-product = Lũy Tre
shell-skip = Đến nội dung chính
shell-search = Tìm mọi thứ
shell-search-hint = Hệ thống, cơ quan, sự cố, quy tắc, địa chỉ, mã băm
shell-menu = Danh mục
shell-navigation = Điều hướng chính
shell-subnavigation = Mục con
shell-breadcrumbs = Đường dẫn
shell-scope = Phạm vi
shell-counters = Việc đang chờ
shell-language = Ngôn ngữ
shell-language-vi = Tiếng Việt
shell-language-en = English
shell-theme-dark = Nền tối
shell-theme-light = Nền sáng
shell-person-menu = Tài khoản
shell-own-page = Trang của tôi
shell-sign-out = Đăng xuất
shell-keys = Phím tắt
shell-close = Đóng
shell-cancel = Thôi
shell-confirm = Xác nhận
shell-reason = Lý do
shell-reason-hint = Lý do được lưu vào nhật ký và mọi người có quyền đều đọc được.
shell-drawer = Chi tiết
shell-filters = Bộ lọc đang dùng
shell-filter-remove = Bỏ lọc { $name }: { $value }
shell-filter = Lọc
shell-filter-all = Tất cả
shell-yes = Có
shell-filters-clear = Bỏ mọi bộ lọc
shell-why = vì sao?
shell-why-of = Vì sao: { $name }
shell-copy = Chép
shell-copied = Đã chép
shell-printed = In lúc { $at } (giờ Việt Nam, UTC+7)
shell-live-lost = Mất kết nối trực tiếp, đang nối lại…
shell-live-back = Đã nối lại
shell-typed-kept = Phiên làm việc đã hết khi đang nhập. Những gì đã nhập được điền lại dưới đây và chưa gửi đi: hãy xem lại rồi gửi.
shell-rows-changed = Có thay đổi, bấm để xem
shell-new-rows = { $count } mới
shell-show-new = Hiện các dòng mới
shell-select-all = Chọn tất cả
shell-select-row = Chọn: { $name }
shell-required = bắt buộc
shell-optional = không bắt buộc
shell-date-written = Ngày/tháng/năm, ví dụ 23/11/2026
shell-date-time-written = Ngày/tháng/năm giờ:phút, ví dụ 23/11/2026 14:05
shell-time-written = Giờ:phút, ví dụ 22:30
shell-date-time-form = ngày/tháng/năm giờ:phút
shell-calendar = Chọn trên lịch
shell-choose = Chọn…
shell-save = Lưu
shell-error-summary = Có chỗ cần sửa
shell-error-summary-kept = Những gì đã nhập vẫn còn nguyên. Sửa các chỗ sau rồi gửi lại:
shell-error-summary-secrets = Mật khẩu và mã không được giữ lại. Hãy nhập lại:
shell-error = Lỗi:
shell-table-behind = Xem số liệu dạng bảng
shell-time-column = Thời điểm
shell-pages = Các trang
shell-page-previous = Trang trước
shell-page-next = Trang sau
shell-page-number = Trang { $number }
shell-pages-shown = { $first }–{ $last } trong { $total }
shell-columns = Cột
shell-csv = Tải CSV
shell-counter-clocks = { $count } đồng hồ
shell-counter-silent = { $count } im lặng
shell-counter-inbox = { $count } tin

## Tìm nhanh
find-title = Tìm nhanh
find-words = Tên, mã, địa chỉ
find-act = Tìm
find-pages = Trang
find-none = Không thấy gì có tên như vậy trong phạm vi của bạn
find-logs-head = Nhật ký
find-logs = Tìm “{ $text }” trong nhật ký

## Nhóm điều hướng
shell-group-duty = Trực ban
shell-group-monitoring = Giám sát
shell-group-response = Ứng cứu
shell-group-assurance = Bảo đảm
shell-group-exchange = Chia sẻ
shell-group-direction = Chỉ đạo
shell-group-outreach = Người dân
shell-group-organisation = Tổ chức

## Mức độ
shell-severity = Mức độ
shell-severity-critical = Nghiêm trọng
shell-severity-high = Cao
shell-severity-medium = Trung bình
shell-severity-low = Thấp
shell-severity-informational = Thông tin
shell-level = Cấp độ { $level }

## Kết luận về một khẳng định
shell-verdict-proven = đã chứng minh
shell-verdict-unproven = chưa chứng minh
shell-verdict-disproven = đã bác bỏ
shell-verdict-not-applicable = không áp dụng
shell-evidence-age = bằng chứng { $age }
shell-evidence-age-valid = bằng chứng { $age }, còn hạn { $left }
shell-evidence-age-expired = bằng chứng { $age }, đã hết hạn

## Thanh khoảng
shell-interval-empty = chưa có đối tượng nào
shell-interval-target = mục tiêu { $target }
shell-interval-up = ↑ { $points } điểm trong { $weeks } tuần
shell-interval-down = ↓ { $points } điểm trong { $weeks } tuần
shell-interval-same = → không đổi trong { $weeks } tuần
shell-interval-sentence = { $figures }: { $proven } đã chứng minh, { $unproven } chưa chứng minh, { $disproven } đã bác bỏ

## Thanh đồng hồ
shell-clock = Đồng hồ của sự cố
shell-moment-occurred = xảy ra
shell-moment-detected = phát hiện
shell-moment-seen = có người xem
shell-moment-reported = báo cáo
shell-moment-receipt = biên nhận
shell-now = bây giờ
shell-duty-running = đang chạy
shell-duty-sent = đã gửi
shell-duty-sent-late = gửi muộn
shell-duty-late = quá hạn
shell-duty-not-applicable = không áp dụng
shell-duty-due = hạn
shell-duty-sent-at = đã gửi { $at }
shell-duty-sent-late-at = gửi muộn { $late } ({ $at })

## Dải có mặt
shell-presence-seen = có
shell-presence-partly = một phần
shell-presence-silent = im lặng
shell-presence-planned = bảo trì có kế hoạch
shell-presence-not-expected = không chờ đợi
shell-presence-cell = { $from }–{ $to }: { $state }, { $count } sự kiện

shell-sparkline = { $name }: cao nhất { $highest }, gần nhất { $last }

## Thời gian
shell-time-now = vừa xong
shell-time-minutes-ago = { $count } phút trước
shell-time-in-minutes = sau { $count } phút
shell-time-today = { $time }, hôm nay
shell-time-yesterday = { $time }, hôm qua
shell-time-tomorrow = { $time }, ngày mai
shell-time-day = { $time }, { $date }
shell-end-of-day = hết { $date }
shell-today = hôm nay
shell-seconds = { $count } giây
shell-minutes = { $count } phút
shell-hours = { $count } giờ
shell-days = { $count } ngày
shell-left = còn { $duration }
shell-late-by = muộn { $duration }

## Phím tắt
shell-key-search = tìm
shell-key-help = danh sách phím này
shell-key-next = dòng dưới, dòng trên
shell-key-open = mở dòng
shell-key-acknowledge = tiếp nhận
shell-key-escalate = nâng thành sự cố
shell-key-select = chọn dòng
shell-key-close = đóng ngăn chi tiết

## Trang mẫu
gallery-title = Các thành phần của giao diện
