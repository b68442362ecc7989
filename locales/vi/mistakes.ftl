### Chỗ sai của câu hỏi SQL và của câu tìm: chuyện gì và nên viết thế nào. Mỗi khóa cũng là mã của lỗi trong API.

## Câu hỏi SQL
export-incomplete = Không đọc được sự kiện của { $days } nên tệp sẽ không đủ. Muốn lấy tệp không có những sự kiện đó: tải lại trang rồi bấm tải tệp lần nữa, hoặc thêm incomplete=yes vào địa chỉ
store-export-incomplete = Không đọc được sự kiện của { $days } nên tệp sẽ không đủ và chưa ghi gì: xem luytre store verify, hoặc thêm --without-unreadable để ghi phần đọc được
query-ambiguous-column = Cột “{ $column }” có ở nhiều bảng: hãy viết kèm tên bảng, ví dụ a.{ $column }
query-busy = Chờ { $waited } giây vẫn chưa có chỗ vì đang có quá nhiều câu hỏi: câu này chưa chạy, hãy thử lại sau ít phút
query-cast = Giá trị “{ $value }” không đổi được sang kiểu dữ liệu cần ở chỗ đó
query-divide-zero = Có phép chia cho 0: hãy viết nullif(số_chia, 0) thay cho số chia
query-duplicate-column = Hai cột của kết quả trùng tên “{ $column }”: hãy đặt tên khác cho một cột bằng AS
query-empty = Câu hỏi đang trống
query-explain-plain = EXPLAIN ở đây không có tùy chọn nào: hãy viết EXPLAIN rồi đến SELECT
query-group-by = Cột “{ $column }” phải có trong GROUP BY hoặc nằm trong hàm gộp như count, min, max
query-grows = Văn bản trong kết quả có thể dài gấp { $times } lần: hãy nối hoặc thay thế ít hơn trong một câu
query-memory = Câu hỏi cần hơn { $limit } MiB bộ nhớ nên đã dừng: hãy thu hẹp thời gian, bớt cột hoặc bớt nhóm
query-number-range = Kết quả phép tính lớn quá mức chứa được của kiểu số
query-one-select = Mỗi lần chỉ hỏi được một câu SELECT, WITH hoặc EXPLAIN; không ghi, không sửa, không đặt tham số
query-percentile = approx_percentile_cont nhận tỷ lệ và số điểm (nhiều nhất { $most }) viết bằng số, không phải biểu thức
query-read = Câu hỏi phải đọc hơn { $limit } MiB sự kiện nên đã dừng: hãy thu hẹp khoảng thời gian, thêm điều kiện về nguồn, máy, địa chỉ, hoặc hỏi ít cột hơn
query-read-window = Các câu hỏi của bạn đã đọc { $limit } MiB trong { $window } phút: hãy thu hẹp khoảng thời gian hoặc điều kiện, hay hỏi lại sau { $wait } phút
query-recursive = WITH RECURSIVE không dùng được ở đây
query-select-into = SELECT INTO không dùng được: ở đây chỉ đọc
query-spill = Câu hỏi cần hơn { $limit } MiB chỗ tạm trên đĩa nên đã dừng: hãy thu hẹp thời gian, bớt nhóm, hoặc thêm LIMIT vào câu có ORDER BY
query-syntax = Sai cú pháp ở dòng { $line }, cột { $column }: không chờ “{ $found }” ở đó
query-syntax-end = Câu hỏi kết thúc dở dang: cuối câu còn thiếu một phần
query-syntax-sign = Sai cú pháp ở dòng { $line }, cột { $column }: một dấu hoặc chuỗi chữ mở ở đó chưa trọn
query-table-closed = Bảng “{ $table }” không mở ở đây; các bảng hỏi được liệt kê bên cạnh
query-tallies = Trường này có hơn { $most } giá trị khác nhau: hãy thu hẹp câu tìm
query-time-unreadable = Không đọc được thời điểm “{ $value }”: hãy viết như '2026-11-21' hoặc '2026-11-21T08:30:00+07:00'
query-timeout = Câu hỏi chạy quá { $limit } giây nên đã dừng: hãy thu hẹp thời gian hoặc điều kiện
query-too-deep = Câu hỏi có quá nhiều lớp ngoặc hoặc câu lồng nhau
query-too-long = Câu hỏi dài quá { $most } byte
query-too-many-parts = Câu hỏi có quá nhiều phần: hãy hỏi thành nhiều bước
query-too-many-words = Câu hỏi có hơn { $most } từ và dấu: hãy hỏi thành nhiều bước
query-type-mismatch = Các kiểu dữ liệu không dùng được với nhau: { $part }. Hãy đổi kiểu bằng CAST(… AS …)
query-unknown-column = { $near ->
    [none] Không có cột “{ $column }” ở đó. Giá trị chữ đặt trong dấu nháy đơn, ví dụ 'root'
   *[other] Không có cột “{ $column }” ở đó; gần giống: { $near }. Giá trị chữ đặt trong dấu nháy đơn, ví dụ 'root'
  }
query-unknown-function = { $near ->
    [none] Không có hàm “{ $function }”, hoặc hàm này không được dùng ở đây
   *[other] Không có hàm “{ $function }”, hoặc hàm này không được dùng ở đây; gần giống: { $near }
  }
query-unknown-table = { $near ->
    [none] Không có bảng “{ $table }”; các bảng hỏi được có ở danh mục bên cạnh
   *[other] Không có bảng “{ $table }”; gần giống: { $near }
  }

## Câu tìm
search-address-range = Địa chỉ không có khoảng: hãy viết một mạng, ví dụ source_ip:10.0.0.0/8
search-close-without-open = Dấu ) này không có dấu ( đi cùng: hãy bỏ đi hoặc mở ngoặc trước đó
search-ends-early = Cuối câu còn thiếu: hãy thêm một từ, hoặc bỏ and, or, not
search-expression = Biểu thức chính quy viết sai từ chỗ này ({ $subject }): muốn tìm nguyên chữ thì đặt trong ngoặc kép
search-expression-field = Trường này không chứa chữ nên không tìm bằng biểu thức chính quy được: hãy viết như trường:true hoặc trường:2026-11-21
search-expression-large = Biểu thức chính quy này quá lớn: hãy giảm số lần lặp hoặc tách làm nhiều biểu thức
search-expression-slash = Dấu gạch chéo trong biểu thức chính quy phải viết là \/ : muốn tìm nguyên chữ thì đặt cả cụm trong ngoặc kép
search-field-missing = Thiếu tên trường trước dấu hai chấm: hãy viết trường:giá-trị, hoặc đặt cả cụm trong ngoặc kép
search-goes-on = Câu tìm không viết tiếp như vậy được
search-network = “{ $subject }” không phải một mạng: sau dấu gạch chéo là số từ 0 đến 32 (IPv4) hoặc từ 0 đến 128 (IPv6)
search-no-address = “{ $subject }” không phải địa chỉ: muốn tìm nguyên chữ thì đặt trong ngoặc kép
search-no-number = “{ $subject }” không phải số: khoảng chỉ so được số và thời điểm
search-no-time = “{ $subject }” không phải thời điểm: hãy viết 2026-11-21, 2026-11-21T08:30 hoặc 2026-11-21T08:30:00+07:00
search-no-truth = “{ $subject }” không phải true hay false: hãy viết trường:true hoặc trường:false
search-no-whole-number = “{ $subject }” không phải số nguyên: hãy viết như trường:443, trường:>=1024 hoặc trường:[1 TO 1024]
search-nothing-inside = Trong ngoặc không có gì
search-open = Dấu ( này chưa đóng: hãy thêm ) ở chỗ kết thúc
search-phrase-open = Ngoặc kép này chưa đóng: hãy thêm " ở cuối cụm từ
search-range-backwards = Khoảng này bắt đầu sau chỗ kết thúc: hãy viết giá trị nhỏ trước
search-range-ends = Khoảng cần đủ hai đầu: hãy viết trường:[1 TO 5] hoặc trường:[1 TO *]
search-range-field = Khoảng cần có tên trường: hãy viết trường:[1 TO 5]
search-range-open = Khoảng này chưa đóng: hãy viết trường:[1 TO 5]
search-too-deep = Câu tìm có quá nhiều lớp ngoặc
search-too-long = Câu tìm dài hơn { $subject } ký tự
search-too-many-expressions = Câu tìm có nhiều nhất { $subject } biểu thức chính quy: hãy gộp lại như /một|hai/
search-too-many-terms = Câu tìm có nhiều nhất { $subject } điều kiện
search-unknown-column = Không có cột “{ $column }”
search-value-missing = Thiếu giá trị sau “{ $subject }:”: hãy viết trường:giá-trị, hoặc trường:* cho mọi giá trị
search-value-space = Thiếu giá trị ngay sau dấu hai chấm: hãy viết trường:giá-trị, không có khoảng trắng
search-word-before = Trước chỗ này thiếu một từ: muốn tìm chính từ đó thì đặt trong ngoặc kép
