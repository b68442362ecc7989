### Lỗi chung và những gì mọi khu vực cùng dùng

error-not-found = Không tìm thấy
error-unauthenticated = Bạn chưa đăng nhập
error-forbidden = Bạn không có quyền làm việc này
error-invalid = Dữ liệu nhập chưa đúng
error-bad-request = Yêu cầu không hợp lệ
error-rate-limited = Quá nhiều lần thử, hãy đợi một lát
error-unavailable = Hệ thống đang bận hoặc một bộ phận tạm dừng
error-internal = Đã xảy ra lỗi bên trong hệ thống
error-what-400 = Máy chủ không đọc được yêu cầu này.
error-what-401 = Phiên làm việc chưa bắt đầu hoặc đã kết thúc.
error-what-403 = Tài khoản của bạn không có quyền này, hoặc biểu mẫu đã cũ. Hãy tải lại trang rồi thử lại.
error-what-404 = Trang hoặc hồ sơ này không có, đã bị bỏ, hoặc thuộc cơ quan ngoài phạm vi của bạn.
error-what-409 = Hồ sơ đã thay đổi hoặc đang ở trạng thái không cho phép việc này.
error-what-422 = Một số ô chưa đúng, xem bên dưới.
error-what-429 = Hệ thống tạm ngừng nhận yêu cầu từ bạn để tự bảo vệ.
error-what-500 = Lỗi đã được ghi lại. Hãy báo mã bên dưới cho quản trị viên.
error-what-503 = Hãy thử lại sau ít phút.
error-kept = Dữ liệu đã lưu trước đó vẫn nguyên vẹn; thay đổi vừa rồi chưa được ghi.
error-next = Về trang Trực ban
error-operation = Mã thao tác
field-required = Không được để trống
field-too-long = Quá dài
field-invalid = Không đúng định dạng
field-taken = Đã có người dùng giá trị này
