### monitoring: address ranges, lists of values

## Chung
enrichment-agency = Giữ cho cơ quan
enrichment-agency-hint = Chỉ có hiệu lực với sự kiện của cơ quan này và các cơ quan trực thuộc.
enrichment-whole-centre = Toàn Trung tâm
enrichment-updated = Cập nhật
enrichment-delete = Xóa

## Dải địa chỉ
address-range-navigation = Dải địa chỉ
address-range-title = Dải địa chỉ
address-range-text = Đặt tên cho mạng của Trung tâm và các cơ quan: quy tắc hỏi được “từ vùng DMZ” thay cho một dãy số, và sự kiện cho biết địa chỉ đó là gì. Địa chỉ mang tên của dải hẹp nhất chứa nó.
address-range-new = Ghi dải địa chỉ
address-range-import = Nhập bảng dải địa chỉ
address-range-words = Tên hoặc đầu địa chỉ
address-range-name = Tên dải
address-range-name-hint = Quy tắc thấy tên này ở source_ip_range, destination_ip_range, host_ip_range.
address-range-network = Mạng
address-range-network-hint = Ví dụ 10.1.0.0/16, hoặc một địa chỉ. Ghi lại cùng mạng và cơ quan là sửa dải đã có.
address-range-kind = Loại vùng
address-range-kind-internal = Nội bộ
address-range-kind-servers = Máy chủ
address-range-kind-dmz = DMZ
address-range-kind-users = Người dùng
address-range-kind-guests = Khách
address-range-kind-remote = Truy cập từ xa
address-range-kind-public = Địa chỉ công cộng của đơn vị
address-range-kind-partner = Đối tác
address-range-kind-other = Khác
address-range-note = Ghi chú
address-range-none = Chưa có dải địa chỉ nào
address-range-none-text = Nhập một bảng có các cột mạng, tên, loại vùng; các cơ quan thường đã có sẵn trong hồ sơ hệ thống.
address-range-kept = Đã ghi; có hiệu lực sau vài giây với sự kiện đến từ lúc đó.
address-range-deleted = Đã xóa dải địa chỉ.
address-range-everything = Dải này chứa mọi địa chỉ
address-range-too-many = Đã đủ số dải địa chỉ mà Trung tâm giữ được; hãy xóa bớt.

## Danh sách giá trị
value-list-navigation = Danh sách giá trị
value-list-title = Danh sách giá trị
value-list-text = Tài khoản quản trị, máy chủ, tài khoản dịch vụ… theo tên danh sách. Sự kiện cho biết tên của nó nằm trong danh sách nào; quy tắc Sigma dùng “expand” lấy danh sách giữ cho toàn Trung tâm làm giá trị của %tên%.
value-list-new = Ghi giá trị
value-list-import = Nhập bảng giá trị
value-list-words = Giá trị
value-list-name = Danh sách
value-list-name-hint = Chữ không dấu, số, dấu gạch; đúng như quy tắc viết. Ví dụ: administrators.
value-list-value = Giá trị
value-list-value-hint = Một tài khoản, tên máy hoặc địa chỉ; không phân biệt hoa thường.
value-list-note = Ghi chú
value-list-none = Chưa có giá trị nào
value-list-none-text = Nhập một bảng có các cột danh sách và giá trị, ví dụ administrators và tên tài khoản quản trị.
value-list-kept = Đã ghi; có hiệu lực sau vài giây với sự kiện đến từ lúc đó.
value-list-deleted = Đã xóa khỏi danh sách.
value-list-name-signs = Chỉ gồm chữ không dấu, số, dấu chấm và dấu gạch
value-list-no-pattern = Không dùng dấu * và ?: mỗi dòng là một giá trị
value-list-too-many = Đã đủ số giá trị mà Trung tâm giữ được; hãy xóa bớt.

## Nhật ký kiểm toán
audit-address-range-keep = Ghi dải địa chỉ
audit-address-range-delete = Xóa dải địa chỉ
audit-value-list-keep = Ghi giá trị vào danh sách
audit-value-list-delete = Xóa giá trị khỏi danh sách
audit-object-address-range = Dải địa chỉ
audit-object-value-list = Giá trị trong danh sách
