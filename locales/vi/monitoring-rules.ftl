### Quy tắc phát hiện: trạng thái, đánh giá

rule-state-on = Đang dùng
rule-state-shadow = Chạy thử
rule-state-off = Đã tắt
rule-state-change = Đổi trạng thái
rule-state-hint = Chạy thử: vẫn khớp và được đếm nhưng không cảnh báo ai. Tắt: không khớp gì nữa. Có hiệu lực cho toàn Trung tâm sau vài giây; nội dung quy tắc không đổi.
rule-state-changed = Đã đổi trạng thái của quy tắc.
rule-state-same = Quy tắc đang ở trạng thái này rồi; có thể người khác vừa đổi.
rule-history = Thay đổi trạng thái
rule-history-other = thay đổi khác

rule-figures = Quy tắc đã làm gì
rule-hits-day = Khớp 24 giờ
rule-hits-month = Khớp 30 ngày
rule-excepted = bỏ qua { $count } theo ngoại lệ
rule-false-share = Báo nhầm
rule-judged = trên { $count } cảnh báo
rule-verdict = Đánh giá
rule-verdict-keep = Giữ
rule-verdict-tune = Cần chỉnh
rule-verdict-retire = Nên bỏ
rule-verdict-too-early = Chưa đủ dữ liệu
rule-verdict-keep-why = Phần lớn cảnh báo đã kết luận là thật.
rule-verdict-tune-why = Nhiều cảnh báo là báo nhầm hoặc hoạt động được phép, hoặc mỗi ngày có quá nhiều cảnh báo. Hãy tạo ngoại lệ cho những đối tượng lặp lại.
rule-verdict-retire-why = Gần như mọi cảnh báo là báo nhầm và chưa lần nào là thật. Hãy tắt quy tắc hoặc chuyển sang chạy thử.
rule-verdict-too-early-why = Còn ít cảnh báo được đóng với kết luận.
rule-closings = Kết luận trong { $days } ngày
rule-closings-count = { $real } thật · { $allowed } được phép · { $false } báo nhầm · { $open } chưa kết luận
rule-figures-how = Số lần khớp tính theo giờ sự kiện đến. Báo nhầm tính trên các cảnh báo đã kết luận trong { $days } ngày: thật (đã xử lý hoặc thành sự cố), được phép, báo nhầm. Ngưỡng đánh giá nằm ở content/monitoring/scorecard.toml.
