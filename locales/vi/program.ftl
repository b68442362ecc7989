### Chương trình dòng lệnh

doctor-configuration = cấu hình
doctor-texts = lời văn
doctor-retention = thời hạn lưu
doctor-disk = đĩa
doctor-server = máy chủ
doctor-intake = cửa nhận
doctor-centre = Trung tâm
doctor-audit-trail = nhật ký kiểm toán
doctor-sealed-fields = dữ liệu mã hóa
doctor-agencies = cơ quan
doctor-breached-passwords = mật khẩu đã lộ
doctor-event-store = kho sự kiện
doctor-rules = quy tắc
doctor-pipeline = dây chuyền xử lý
doctor-correlations = quy tắc tương quan
doctor-geoip = tệp địa chỉ
doctor-law = quy định
doctor-formats = định dạng
doctor-configuration-well = đúng
doctor-configuration-wrong = Cấu hình có chỗ sai
doctor-no-answer = Không kiểm tra được
doctor-centre-closed = Không mở được thư mục dữ liệu
doctor-server-runs = đang chạy và trả lời; các mục dưới đây do chính máy chủ kiểm tra
doctor-door = { $door }: nhận { $received }, mất { $lost }, hệ điều hành bỏ { $kernel }, bị cắt { $cut }, đang kết nối { $open }, bị từ chối { $refused }
doctor-retention-well = sự kiện được lưu { $days } ngày
doctor-retention-short = sự kiện được lưu { $days } ngày; quy định đòi hỏi: { $duties }
doctor-texts-well = { $count } khóa ở hai ngôn ngữ
doctor-texts-wrong = Lời văn có chỗ sai
doctor-disk-unknown = đĩa không cho biết còn bao nhiêu chỗ
doctor-disk-room = còn { $free } trong { $all } ({ $percent } %)
doctor-disk-full = đĩa đã đầy, không nhận thêm bản ghi nào cho đến khi có chỗ
doctor-archive = nơi lưu trữ
doctor-archive-well = { $place } ghi, đọc, xóa được và đồng hồ khớp với máy này
doctor-archive-wrong = Nơi lưu trữ không hoạt động
doctor-archive-clock = đồng hồ của { $place } và của máy này lệch { $seconds } giây: yêu cầu sẽ bị từ chối; hãy chỉnh giờ máy này
doctor-audit-well = { $count } dòng, mọi mã băm khớp với dòng trước; đã ký đến dòng { $signed } bằng khóa { $key }
doctor-audit-broken = Nhật ký không khớp ở { $count } chỗ
doctor-sealed-well = { $count } mục, tất cả đều mở được bằng khóa hiện có
doctor-sealed-lost = { $lost } trong { $count } mục không mở được bằng khóa nào hiện có
doctor-agencies-well = mỗi cơ quan một mã
doctor-agencies-numbered = trùng mã nên đã được đánh số: { $codes }; hãy ghi sáp nhập, hoặc kết thúc các cơ quan thừa
doctor-breached-well = đọc được danh sách
doctor-breached-unread = Không đọc được danh sách mật khẩu đã bị lộ: đăng nhập vẫn được nhưng không đổi được mật khẩu
doctor-store-well = { $records } bản ghi trong nhật ký ghi trước, { $segments } đoạn lưu với { $rows } dòng, mọi mã băm khớp
doctor-store-wrong = { $count } chỗ không ổn:
doctor-store-problem = { $part } { $file }: “{ $reason }”
doctor-store-lost = đã mất { $events } sự kiện của { $days } (sửa chữa không cứu được)
doctor-part-log = Tệp nhật ký ghi trước
doctor-part-segment = Đoạn lưu
doctor-part-ledger = Dòng sổ đã ký
doctor-part-manifest = Bảng kê
doctor-rules-well = đã nạp { $count }
doctor-rules-failed = đã nạp { $count }, không nạp được { $failed }:
doctor-pipeline-says = từ khi khởi động đã đọc { $read } bản ghi ({ $unknown } không hiểu được), { $matches } lần khớp, { $waiting } bản ghi đang chờ; lần ghi cảnh báo chậm nhất { $write } ms, cơ sở dữ liệu từ chối { $refused } lần; quy tắc đổi { $changes } lần, lâu nhất { $change } µs
doctor-pipeline-stopped = đã dừng
doctor-correlations-well = đang nhớ { $groups } nhóm với { $entries } lần khớp
doctor-correlations-forgot = đang nhớ { $groups } nhóm với { $entries } lần khớp; từ khi khởi động đã phải bỏ { $forgotten } nhóm với { $matches } lần khớp vì hết chỗ, nên có thể đã bỏ sót chuỗi sự kiện; { $unsaved } nhóm sẽ mất nếu khởi động lại (giới hạn: monitoring/tuning.toml)
doctor-geoip-none = không dùng tệp nào (cấu hình: [enrichment] geoip)
doctor-geoip-well = { $count } tệp cho biết quốc gia, nhà mạng của địa chỉ
doctor-geoip-wrong = { $wrong } trong { $count } tệp cho biết quốc gia, nhà mạng của địa chỉ không ổn
doctor-geoip-unread = Không đọc được { $path }: { $problem }. Nội dung đọc được lần trước, nếu có, vẫn dùng
doctor-geoip-old = { $path } được lập cách đây { $days } ngày: hãy chép tệp mới hơn vào
doctor-law-well = { $count } tệp đang áp dụng, { $changed } đã sửa tại đây
doctor-law-unread = { $count } tệp đang áp dụng; { $unread } bản sửa không đọc được nên không được dùng:
doctor-formats-well = { $formats } định dạng, { $samples } dòng mẫu đọc đúng như mong đợi
doctor-formats-wrong = { $count } dòng mẫu không được đọc như mong đợi:
doctor-formats-unread = Không đọc được các định dạng
doctor-sample = Định dạng { $format }, dòng mẫu “{ $line }”: “{ $difference }”
doctor-more = … và { $count } chỗ nữa
doctor-datagrams = gói UDP chờ
doctor-datagrams-well = hệ điều hành cho phép { $room } KiB syslog qua UDP nằm chờ
doctor-datagrams-few = hệ điều hành chỉ cho phép { $room } KiB syslog qua UDP nằm chờ và bỏ gói đến khi đã đầy; chạy `sysctl -w net.core.rmem_max={ $wanted }` để có chỗ cho lúc dồn dập (đặt trong /etc/sysctl.d để giữ sau khi khởi động lại)

## Lệnh store
store-repair-helps = `luytre store repair` sửa những gì còn sửa được
store-repair-stop-first = hãy dừng máy chủ trước: kho sự kiện đang dùng thì không sửa
store-verified = { $segments } đoạn lưu với { $events } sự kiện và { $bytes } byte, { $records } bản ghi trong { $files } tệp nhật ký ghi trước
store-verified-archived = { $segments } đoạn được đọc từ nơi lưu trữ
store-ledger = { $entries } dòng sổ đã ký, dòng cuối có SHA-256 { $sha256 }
store-problem = ✗ { $part } { $file }: “{ $reason }”
store-lost = đã mất từ trước: { $part } { $file }: “{ $reason }”
store-sound = mọi mã băm đều khớp
store-manifest-rebuilt = đã lập lại bảng kê; bỏ ra ngoài { $removed } tệp mà bảng kê cũ đã thay
store-segment-mended = đoạn lưu { $file }: giữ được { $after } trong { $before } sự kiện; phần mất có số thứ tự từ { $first } đến { $last }
store-unclaimed = tệp { $file } trong events/damaged: bảng kê không biết tệp này, sổ và nhật ký ghi trước cũng không giải thích được
store-segment-corrected = đoạn lưu { $file }: giữ đủ { $after } sự kiện; đã sửa chỗ bị đổi và ghi lại đoạn này
store-log-damaged = { $places } chỗ của nhật ký ghi trước bị hỏng; các bản ghi xung quanh vẫn đọc được
store-nothing-to-mend = không có gì phải sửa
store-no-day = “{ $day }” không phải một ngày; hãy viết như 2026-11-21
store-exported = { $events } sự kiện, { $bytes } byte, SHA-256 { $sha256 }
store-no-incident = không có sự cố nào mang mã { $code }
store-status = { $events } sự kiện trong { $segments } đoạn, { $size } trên đĩa của máy, { $log } trong nhật ký ghi trước
store-archive = trong đó { $segments } đoạn, { $size } ở nơi lưu trữ { $place }; { $kept } được giữ tại máy để đọc lại
store-archive-nowhere = (không còn trong cấu hình)
store-archive-away = nơi lưu trữ đang không đọc được: { $reason }
store-archived = đã chuyển { $segments } đoạn, { $bytes } byte; đã xóa { $removed } đối tượng
store-room-unknown = có chỗ cho { $budget }; chưa biết mỗi ngày thêm bao nhiêu
store-room = mỗi ngày { $daily }, nhiều nhất { $most } trong { $budget }: đủ chỗ
store-full-on = mỗi ngày { $daily }: { $budget } sẽ đầy vào ngày { $day }
store-full-now = hết chỗ: sự kiện đang dùng { $used } trong { $budget }; hãy dọn đĩa, thêm đĩa hoặc chuyển ngày cũ sang nơi lưu trữ
store-kept = lưu { $days } ngày khi còn chỗ
store-minimum = {"  "}ít nhất { $days } ngày: { $sources } ({ $basis })
store-minimum-other = {"  "}ít nhất { $days } ngày: những gì không thuộc hệ thống nào
store-sources = { $count } nguồn
store-sources-all = mọi nguồn
store-held = đang giữ lại: { $id } – { $reason }; { $sources }, { $from }..{ $to }
store-ledger-key = khóa ký sổ { $key }
store-signed = dòng sổ { $entry }: { $segments } đoạn lưu với { $events } sự kiện, SHA-256 { $sha256 }
store-no-proof = { $file } không phải một bằng chứng
store-proven = sự kiện { $seq }, dòng { $row } của { $segment }
store-not-proven = chưa chứng minh được: { $reason }
store-proof-holds = bằng chứng đúng: sự kiện { $seq } lúc { $time }: { $raw }
store-proof-signed = trong { $segment }, ký ngày { $signed } ở dòng sổ { $entry } bằng khóa { $key }
store-hold-added = đã giữ lại: { $id }
store-hold-released = đã thôi giữ: { $id }
store-hold-incomplete = lệnh giữ lại cần có tên và lý do
store-hold-exists = đã có lệnh giữ { $id }; hãy thôi giữ trước
store-hold-missing = không có lệnh giữ { $id }

## Lệnh import
import-rules-beside-server = một máy chủ đang dùng thư mục dữ liệu này; hãy đặt quy tắc vào thư mục quy tắc của máy chủ thay cho --rules
import-records = bản ghi
import-figures = đọc { $read }, lưu { $stored }, loại { $rejected }
import-marked = {"  "}với những bản ghi bị loại, { $marked } sự kiện của hệ thống được lưu để tìm lại được
import-skipped = {"  "}bỏ qua { $file }: “{ $reason }”
import-skipped-before = {"  "}bỏ qua { $file }: đã nạp trước đây ({ $reason })
import-skipped-grown = {"  "}bỏ qua phần đầu { $file }: đã nạp đến dòng { $reason }, chỉ đọc phần sau đó
import-repeated = {"  "}lưu hai lần { $file }: cùng nội dung với { $same_as }; { $stored } sự kiện được lưu cho cả hai tệp
import-rejected = {"  "}loại bản ghi { $record } của { $file }: “{ $reason }”
import-rejected-more = {"  "}… và { $count } bản ghi nữa; tìm kiếm thấy từng bản ghi
import-alerts = cảnh báo: { $count }
import-no-room = đĩa đầy: { $stored } bản ghi của lần nạp này đã lưu an toàn. Hãy dọn chỗ rồi nạp lại đúng các tệp đó; phần đã lưu không lưu lần nữa
import-format = không có định dạng nào tên { $name }; có { $known }
import-time-zone = không có múi giờ nào tên { $name }; hãy viết tên IANA hoặc độ lệch như +07:00

## Lệnh formats
formats-listed-seen = { $format }: { $title } – { $samples } mẫu, có mẫu từ bản ghi thật
formats-listed-documented = { $format }: { $title } – { $samples } mẫu, chỉ từ tài liệu
formats-tested = { $formats } định dạng: { $passed } mẫu đọc đúng, { $failed } mẫu không đúng
formats-read = { $file }: đọc { $read }, hiểu { $understood }, chưa hiểu { $unknown }, không đọc được { $unreadable }
formats-read-by = {"  "}{ $format }: { $records } bản ghi, { $remarked } có ghi chú
formats-read-unknown = {"  "}bản ghi { $record }: { $reason }

## Lệnh rules
rules-list-argument = “{ $list }” không phải danh sách từ tệp; hãy ghi TÊN=TỆP
rules-no-rule = không có quy tắc nào mã { $rule }
rules-no-event = không có sự kiện số { $seq }
rules-explain-record = bản ghi { $number }:
rules-tested = { $count } ca thử, { $failed } không đạt
rules-import-none = Gói không có quy tắc nào dùng được
rules-import-name = “{ $name }” không làm tên thư mục được; hãy đặt tên (--name) gồm chữ thường không dấu, số, gạch nối, không bắt đầu bằng bundle-
rules-import-own-folder = { $folder } đã có quy tắc không phải do gói nào mang đến; hãy chọn tên khác (--name) để không mất chúng
rules-import-added = Quy tắc mới: { $count }
rules-import-changed = Quy tắc đổi nội dung: { $count }
rules-import-kept = Giữ bản cũ vì bản mới không nạp được: { $count }
rules-import-removed = Quy tắc không còn trong gói: { $count }
rules-import-replaces = Thay quy tắc cùng mã ở nơi khác: { $count }
rules-import-refused = Không nhận: { $count }
rules-import-more = {"  "}… và { $count } quy tắc nữa
rules-import-figures = { $folder }: mới { $added }, đổi { $changed }, bỏ { $removed }, giữ nguyên { $unchanged }, không nhận { $refused }
rules-import-no-licence = { $count } quy tắc không nêu giấy phép: hãy đặt tệp LICENSE của gói bên cạnh
rules-import-dry-run = chạy thử: chưa ghi gì
rules-import-done = đã ghi; máy chủ đang chạy tự nạp lại

## Thời điểm và kết quả tìm
moment-unreadable = “{ $text }” không phải khoảng lùi (15m, 24h, 30d), ngày (2026-07-05) hay thời điểm (2026-07-05T08:00:00+07:00)
moment-backwards = --from phải trước --to
search-said = hiện { $shown } trong { $total }, đọc { $read } trong { $files } tệp
search-said-missing = mất { $files } khối của { $days }
search-said-damaged = hỏng { $files } khối của { $days }
search-said-lost = { $files } khối của { $days } đã bị hỏng trước đây và không cứu được hết
search-said-events = {"  "}{ $events } sự kiện không có trong kết quả
search-said-unreachable = { $files } khối của { $days } nằm ở nơi lưu trữ đang không đọc được: { $words }
search-said-own-field = { $field } không phải cột chung; chỉ vài định dạng có thể có trường này
search-said-meant = { $field } không phải cột chung và không sự kiện nào tìm thấy có trường này; có phải bạn muốn tìm { $meant }?
query-said = { $rows } dòng, { $milliseconds } ms, đọc { $read } trong { $files } tệp

## Nhật ký kiểm toán
audit-events-import = Nạp tệp nhật ký
audit-events-export = Xuất sự kiện ra tệp
audit-events-prove = Lập bằng chứng cho một sự kiện
audit-events-ledger = Ký sổ kho sự kiện
audit-events-hold = Giữ lại sự kiện
audit-events-release = Thôi giữ sự kiện
audit-events-expire = Xóa sự kiện hết hạn lưu
audit-events-repair = Sửa kho sự kiện
access-counts = { $pages } thao tác trên trang, { $api } của API, { $commands } lệnh, { $tables } bảng, { $roles } vai trò; chưa có quy tắc: { $missing }
access-without-rule = ✗ { $operation }: chưa nói ai được làm

## Mọi lệnh
command-no-file = { $file } không có
command-file-exists = { $file } đã có; không ghi đè
command-file-not-made = không tạo được { $file }
command-file-not-read = không đọc được { $file }
command-serves = luytre phục vụ tại { $address }
command-real-centre = { $file } là dữ liệu của một Trung tâm thật, không phải bản trình diễn; hãy chọn --data-dir khác
command-demo-own-registers = bản trình diễn giữ sổ của riêng nó trong --data-dir, không dùng cơ sở dữ liệu ở database.url (LUYTRE_DATABASE__URL); hãy bỏ giá trị này rồi chạy lại

## Lệnh user
command-no-account = không có tài khoản { $account }
command-no-agency = không có cơ quan nào mang mã { $code }
command-password = Mật khẩu:
command-password-empty = mật khẩu để trống
command-password-refused = mật khẩu không đúng quy định: { $reasons }
command-password-not-set = đã lập tài khoản nhưng chưa đặt được mật khẩu ({ $reason }); hãy đặt bằng `luytre user set-password`
command-password-set = đã đặt mật khẩu của { $account }
command-user-added = { $account } đã có thể đăng nhập
command-user-disabled = (đã khóa)
command-second-factors-reset = { $account } đăng nhập chỉ bằng mật khẩu và có thể phải thêm yếu tố xác thực thứ hai ngay sau đó
command-second-factor-opened = { $account } lại thêm được yếu tố xác thực đầu tiên bằng mật khẩu
command-sessions-ended = đã kết thúc { $count } phiên đăng nhập
command-key-line = { $name } – { $agency }, hết hạn { $ends }, { $rows } dòng trong { $minutes } phút
command-key-made =
    hoặc tài khoản { $id } với mật khẩu { $key }
    Khóa không hiện lại lần nữa. Hết hạn lúc { $ends }.

## Lệnh rules và query
rules-checked = đã nạp { $rules } quy tắc, đã chạy { $cases } trường hợp, { $failed } không đạt
rules-warnings = { $count } điều cần để ý
rules-measured = { $rules } quy tắc, { $events } sự kiện, { $bytes } byte: đọc { $reading } giây, so khớp { $matching } giây CPU, { $detections } lần phát hiện, { $rate } sự kiện/giây/lõi
rules-stages = { $rules } quy tắc, { $indicators } chỉ báo, { $events } sự kiện, { $bytes } byte, nhiều nhất { $memory } MiB; số nano giây bộ xử lý cho mỗi sự kiện:
rules-stage-read = đọc: định dạng, cột, thời gian
rules-stage-enrich = bổ sung: mọi điều sổ đăng ký biết
rules-stage-match = quy tắc
rules-stage-correlate = tương quan
rules-stage-indicators = chỉ báo
rules-stage-early-warning = cảnh báo sớm
rules-stage-insert = kho sự kiện: vào bộ nhớ
rules-stage-seal = kho sự kiện: vào tệp phân đoạn
rules-stage-all = tất cả: { $rate } sự kiện/giây/lõi
rules-stages-found = tìm thấy: { $detections } lần khớp quy tắc, { $correlations } lần khớp tương quan, { $indicators } chỉ báo, { $unusual } điều bất thường
query-more = chỉ { $rows } dòng đầu; còn nữa

law-applied = đã áp dụng bản { $version }
law-loads = { $path } đọc được; thêm { $added } dòng, bớt { $removed } dòng
law-no-path = hãy cho biết đường dẫn trong content/ bằng --path
law-no-file = không có tệp hoặc bản { $path }
law-asked = { $path }: đã giữ bản nháp và đề nghị duyệt; mã băm { $digest }. Khi được duyệt, chạy `luytre law apply { $path }` với cùng tài khoản
law-no-draft = tài khoản { $account } không có bản nháp nào của { $path }; hãy chạy `luytre law ask` trước
law-no-account = không có tài khoản { $account }
law-account-may-not = tài khoản { $account } đã khóa hoặc không giữ vai trò nào của toàn trung tâm
