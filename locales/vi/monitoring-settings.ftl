# Thiết lập của trung tâm cho mảng giám sát (content/monitoring).

setting-file-duty = Trang trực ban
setting-file-early-warning = Cảnh báo sớm
setting-file-entity-risk = Điểm rủi ro của đối tượng
setting-file-indicators = Danh sách chỉ báo
setting-file-retention = Thời hạn lưu nhật ký
setting-file-saved-searches = Câu tìm đã lưu và lịch chạy
setting-file-scorecard = Ngưỡng đánh giá quy tắc
setting-file-scoring = Chấm điểm, gộp cảnh báo và chuỗi tấn công
setting-file-sources = Nguồn: thời gian im lặng, bộ cột
setting-file-techniques = Kỹ thuật ATT&CK
setting-file-tuning = Ngoại lệ, tạm ngừng báo, tương quan, đo chi phí và làm giàu

setting-kept-days = Lưu ít nhất { $days } ngày

setting-effect = { $file }: { $key } đổi từ { $before } thành { $after }
setting-effect-more = và { $count } giá trị khác
setting-effect-next-start = Bộ phát hiện của cảnh báo sớm và giới hạn của tương quan chỉ đổi từ lần khởi động máy chủ kế tiếp; các giá trị khác đổi ngay.

setting-fault-missing = thiếu tệp này
setting-fault-nobody-reads = không có thiết lập nào mang tên tệp này
setting-fault-words = { $words }
setting-fault-range = { $key } là { $number }, phải từ { $least } đến { $most }
setting-fault-order = { $key } là { $number }, không được nhỏ hơn { $other } ({ $least })
setting-fault-unknown = { $key }: không biết “{ $name }”
setting-fault-empty = { $key } còn thiếu hoặc để trống
