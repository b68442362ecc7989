### monitoring: suppressions

## Tạm ngừng báo
suppression-title = Tạm ngừng báo
suppression-name = Đợt tạm ngừng báo
suppression-text = Trong thời gian tạm ngừng báo (bảo trì, diễn tập), cảnh báo thuộc phạm vi nêu ra không báo cho ai nhưng vẫn được lưu và đếm; ai cũng có thể xem lại và đưa ra xử lý. Mỗi đợt đều tự kết thúc.
suppression-none = Không có đợt tạm ngừng báo nào
suppression-none-text = Trước khi bảo trì một hệ thống hoặc diễn tập, hãy tạo một đợt tạm ngừng báo có giờ bắt đầu và kết thúc.
suppression-running = Đang diễn ra
suppression-coming = Sắp tới
suppression-over = Đã kết thúc
suppression-new = Tạo đợt tạm ngừng báo
suppression-save = Lưu
suppression-made = Đã tạo đợt tạm ngừng báo; có hiệu lực với sự kiện đến trong thời gian đó.
suppression-end = Kết thúc sớm
suppression-ended = Đã kết thúc; cảnh báo lại được báo sau vài giây.
suppression-is-over = Đợt này đã kết thúc hoặc vừa được người khác chấm dứt.
suppression-too-many = Đang có quá nhiều đợt tạm ngừng báo của cả Trung tâm; hãy kết thúc bớt.
suppression-kind = Vì việc gì
suppression-kind-maintenance = Bảo trì
suppression-kind-drill = Diễn tập
suppression-kind-other = Việc khác
suppression-rule = Quy tắc
suppression-every-rule = Mọi quy tắc
suppression-field = Chỉ khi cảnh báo về
suppression-field-hint = Chọn trường của sự kiện và giá trị của nó; để trống nếu tạm ngừng mọi cảnh báo của nơi đã chọn.
suppression-any-entity = Bất kỳ đối tượng nào
suppression-value = Giá trị
suppression-starts = Bắt đầu
suppression-starts-hint = Giờ Việt Nam. Giờ đã qua được hiểu là ngay bây giờ; cảnh báo đã có không bị ảnh hưởng.
suppression-ends = Kết thúc
suppression-ends-hint = Dài nhất { $hours } giờ.
suppression-too-far = Quá xa; hãy tạo khi gần đến ngày
suppression-ends-first = Giờ kết thúc phải sau giờ bắt đầu và sau lúc này
suppression-too-long = Quá thời gian dài nhất được phép
suppression-too-wide = Toàn Trung tâm thì phải nêu một quy tắc hoặc một đối tượng
suppression-between = từ { $from } đến { $to }
suppression-held = đã giữ lại { $alerts } cảnh báo, { $matches } lần khớp
suppression-held-none = chưa giữ lại cảnh báo nào

## Trên trang cảnh báo
alert-state-suppressed = Tạm ngừng báo
alert-suppress = Tạm ngừng báo
alert-take-out = Đưa ra xử lý
alert-suppressed = Cảnh báo này được giữ lại, không báo cho ai, do một đợt tạm ngừng báo của Trung tâm.
alert-suppressed-until = Cảnh báo này được giữ lại, không báo cho ai, do đợt tạm ngừng báo ({ $kind }) đến { $time }:

## Nhật ký kiểm toán
audit-suppression-create = Tạo đợt tạm ngừng báo
audit-suppression-end = Kết thúc sớm đợt tạm ngừng báo
audit-object-suppression = Đợt tạm ngừng báo
