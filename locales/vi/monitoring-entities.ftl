### monitoring: entities

## Đối tượng rủi ro
entity-navigation = Đối tượng rủi ro
entity-title = Đối tượng rủi ro
entity-none = Không có đối tượng nào đang rủi ro
entity-none-text = Đối tượng (máy, tài khoản, địa chỉ) có rủi ro khi có cảnh báo về nó trong những ngày gần đây.
entity-kind = Loại đối tượng
entity-risk = Rủi ro
entity-risk-high = Cao
entity-risk-medium = Trung bình
entity-risk-low = Thấp
entity-line = Điểm rủi ro mỗi ngày
entity-line-days = { $days } ngày
entity-alerts = Cảnh báo
entity-open = { $count } chưa đóng
entity-rules = Quy tắc
entity-stories = { $count } chuỗi
entity-how = Rủi ro là tổng trọng số của các cảnh báo về đối tượng trong { $days } ngày: điểm cảnh báo (mức quy tắc và cấp độ hệ thống) × giá trị của loại đối tượng × độ mới, sau { $half } ngày còn một nửa. Cảnh báo đã đóng vì báo nhầm, được phép hay trùng không tính, cảnh báo tạm ngừng báo cũng không. Trọng số là thiết lập của Trung tâm, xem và sửa ở mục Quy định (monitoring/entity-risk.toml).
entity-kind-source-ip = Địa chỉ nguồn
entity-kind-destination-ip = Địa chỉ đích
entity-kind-user-name = Tài khoản
entity-kind-target-user-name = Tài khoản bị tác động
entity-kind-host-name = Máy
entity-kind-process-name = Chương trình
entity-kind-process-executable = Tệp chương trình
entity-kind-process-parent-executable = Chương trình cha
entity-kind-service-name = Dịch vụ
entity-kind-rule-id = Dấu hiệu của thiết bị
entity-kind-file-hash = Tệp (mã băm)
entity-kind-host-ip = Địa chỉ của máy
entity-kind-source = Nguồn nhật ký
