### Ý nghĩa các bảng và cột của danh mục SQL

catalogue-kind-text = văn bản
catalogue-kind-integer = số nguyên
catalogue-kind-float = số thập phân
catalogue-kind-boolean = có/không
catalogue-kind-time = thời điểm

## events
catalogue-events = Mọi bản ghi đã nhận, mỗi bản ghi một dòng. Hãy thu hẹp thời gian trước: time > now() - INTERVAL '1 hour'.
catalogue-events-seq = Số được cấp khi lưu bản ghi; là danh tính của sự kiện trong kho.
catalogue-events-time = Lúc xảy ra, theo chính bản ghi.
catalogue-events-arrival = Lúc bản ghi đến Trung tâm.
catalogue-events-time_quality = exact (chính xác), assumed (thiếu năm hoặc múi giờ, đã suy ra), missing (không có, lấy lúc nhận) hoặc implausible (vô lý).
catalogue-events-source_id = Nguồn nhật ký đã đăng ký mà sự kiện thuộc về.
catalogue-events-format = Định dạng và phiên bản; unparsed@1 khi không định dạng nào khớp.
catalogue-events-understood = Định dạng có đọc hiểu được bản ghi hay không.
catalogue-events-problem = Vì sao bản ghi chưa đọc được, hoặc chưa đọc được hết.
catalogue-events-listener = Cửa mà bản ghi đi vào: syslog_udp, syslog_tcp, relp, bulk, otlp, hec, gelf_udp, gelf_tcp, gelf_http, flow, watch, pull, import.
catalogue-events-peer = Địa chỉ máy gửi.
catalogue-events-file = Tệp đã nhập, kèm tên tệp bên trong nếu là tệp nén.
catalogue-events-position = Thứ tự của bản ghi trong tệp hoặc trong lô, tính từ 1.
catalogue-events-log_product = Nguồn nhật ký theo Sigma: sản phẩm.
catalogue-events-log_categories = Nguồn nhật ký theo Sigma: loại, cách nhau bằng dấu cách.
catalogue-events-log_services = Nguồn nhật ký theo Sigma: dịch vụ, cách nhau bằng dấu cách.
catalogue-events-event_category = Loại hoạt động: authentication, process, network, web, file, registry, iam, configuration, malware, intrusion_detection, database, email.
catalogue-events-event_action = Việc đã làm, ví dụ logon, process_started, connection_closed.
catalogue-events-event_outcome = success (thành công), failure (thất bại) hoặc unknown (không rõ).
catalogue-events-event_code = Mã sự kiện của chính định dạng, ví dụ Event ID của Windows.
catalogue-events-event_provider = Chương trình hoặc kênh đã ghi sự kiện.
catalogue-events-event_severity = Mức nghiêm trọng từ 0 (khẩn cấp) đến 7 (gỡ lỗi), như trong syslog.
catalogue-events-host_name = Máy nơi sự kiện xảy ra.
catalogue-events-host_ip = Địa chỉ của máy đó.
catalogue-events-user_name = Tài khoản thực hiện.
catalogue-events-user_domain = Miền thư mục của tài khoản đó.
catalogue-events-user_id = Số hiệu hoặc SID của tài khoản đó.
catalogue-events-target_user_name = Tài khoản bị tác động.
catalogue-events-source_ip = Địa chỉ khởi phát hoạt động.
catalogue-events-source_port = Cổng tại địa chỉ đó.
catalogue-events-destination_ip = Địa chỉ mà hoạt động hướng đến.
catalogue-events-destination_port = Cổng tại địa chỉ đó.
catalogue-events-destination_domain = Tên miền mà hoạt động hướng đến.
catalogue-events-network_transport = tcp, udp, icmp.
catalogue-events-network_protocol = Giao thức ứng dụng, ví dụ http, dns, smb.
catalogue-events-network_bytes = Số byte cả hai chiều.
catalogue-events-process_name = Tên tệp của chương trình.
catalogue-events-process_executable = Đường dẫn của chương trình.
catalogue-events-process_pid = Số hiệu tiến trình.
catalogue-events-process_command_line = Dòng lệnh.
catalogue-events-process_parent_executable = Đường dẫn của chương trình cha.
catalogue-events-process_parent_command_line = Dòng lệnh của chương trình cha.
catalogue-events-file_path = Tệp bị tác động.
catalogue-events-file_hash = Mã băm của tệp hoặc chương trình, loại mạnh nhất mà bản ghi nêu.
catalogue-events-registry_path = Khóa hoặc giá trị registry bị tác động.
catalogue-events-registry_data = Dữ liệu ghi vào registry.
catalogue-events-dns_question_name = Tên được hỏi trong DNS.
catalogue-events-url_original = Địa chỉ web đúng như máy khách gửi.
catalogue-events-url_domain = Phần tên máy của địa chỉ web.
catalogue-events-http_request_method = GET, POST …
catalogue-events-http_response_status_code = Mã trạng thái HTTP.
catalogue-events-http_referrer = Tiêu đề Referer.
catalogue-events-user_agent = Tiêu đề User-Agent.
catalogue-events-rule_id = Quy tắc của cảm biến đã ghi sự kiện (Suricata, Zeek notice).
catalogue-events-rule_name = Tên của quy tắc đó.
catalogue-events-logon_type = Kiểu đăng nhập của Windows, hoặc cách xác thực.
catalogue-events-service_name = Dịch vụ được cài, khởi động hoặc dừng.
catalogue-events-observables = Địa chỉ, thư điện tử, tên miền và mã băm ở bất cứ đâu trong bản ghi, chữ thường, mỗi giá trị giữa hai dấu cách.
catalogue-events-message = Dòng chữ cho người đọc, nếu định dạng có.
catalogue-events-raw = Bản ghi đúng như khi đến; base64 nếu không phải UTF-8.
catalogue-events-raw_encoding = base64 nếu cột raw là base64; nếu không thì trống.
catalogue-events-fields = Các trường riêng của định dạng trong một đối tượng JSON; đọc một trường bằng field(fields, 'Tên').

## assurance.consolidation
catalogue-assurance-consolidation = Phương án của từng hệ thống trên đường về trung tâm dữ liệu tỉnh; không có dòng khi chưa ai quyết.
catalogue-assurance-consolidation-system_id = Hệ thống; nối với assurance.systems.id.
catalogue-assurance-consolidation-agency_id = Chủ quản của hệ thống; nối với organisation.agencies.id.
catalogue-assurance-consolidation-way = keep (giữ nguyên), move (chuyển), merge (nhập) hoặc retire (dừng).
catalogue-assurance-consolidation-into_system_id = Hệ thống nhận; nối với assurance.systems.id.
catalogue-assurance-consolidation-wave = Đợt của kế hoạch.
catalogue-assurance-consolidation-due = Hạn phải xong.
catalogue-assurance-consolidation-done_at = Ngày xong.
catalogue-assurance-consolidation-blocker = Vướng mắc.
catalogue-assurance-consolidation-updated_at = Lúc sửa gần nhất.

## assurance.inventory
catalogue-assurance-inventory = Hệ thống gồm những gì: thành phần, ứng dụng, thiết bị, vùng mạng, dữ liệu, kết nối, nhà cung cấp, tài khoản.
catalogue-assurance-inventory-id = Mã định danh.
catalogue-assurance-inventory-system_id = Hệ thống; nối với assurance.systems.id.
catalogue-assurance-inventory-agency_id = Chủ quản của hệ thống; nối với organisation.agencies.id.
catalogue-assurance-inventory-kind = component (thành phần), application (ứng dụng), device (thiết bị), zone (vùng mạng), data-set (dữ liệu), link (kết nối), supplier (nhà cung cấp) hoặc account (tài khoản).
catalogue-assurance-inventory-name = Tên, duy nhất trong một hệ thống và một loại.
catalogue-assurance-inventory-registered = Sai khi chỉ thấy lúc quét, chưa ai đăng ký.
catalogue-assurance-inventory-purpose = Mục đích.
catalogue-assurance-inventory-part_of = Thuộc thành phần nào.
catalogue-assurance-inventory-addresses = Địa chỉ và dải, cách nhau bằng dấu phẩy.
catalogue-assurance-inventory-serial = Địa chỉ MAC hoặc số máy.
catalogue-assurance-inventory-place = Nơi đặt.
catalogue-assurance-inventory-zone = Vùng mạng.
catalogue-assurance-inventory-platform = Hệ điều hành hoặc hệ quản trị.
catalogue-assurance-inventory-edition = Phiên bản phần mềm.
catalogue-assurance-inventory-status = planned (dự kiến), in-use (đang dùng), spare (dự phòng), broken (hỏng) hoặc retired (thôi dùng).
catalogue-assurance-inventory-owner = Đơn vị sở hữu.
catalogue-assurance-inventory-licence = Bản quyền.
catalogue-assurance-inventory-support_end = Ngày hãng hết hỗ trợ.
catalogue-assurance-inventory-services = Dịch vụ đang chạy, theo đăng ký hoặc lần quét cuối.
catalogue-assurance-inventory-information = Thông tin được giữ hoặc truyền.
catalogue-assurance-inventory-basic_subjects = Số người có dữ liệu cá nhân cơ bản.
catalogue-assurance-inventory-sensitive_subjects = Số người có dữ liệu cá nhân nhạy cảm.
catalogue-assurance-inventory-level = Cấp độ đề xuất cho thành phần.
catalogue-assurance-inventory-linked_system_id = Hệ thống ở đầu kia; nối với assurance.systems.id.
catalogue-assurance-inventory-relation = data-flow (luồng dữ liệu), dependency (phụ thuộc) hoặc function (cùng chức năng).
catalogue-assurance-inventory-direction = in (nhận), out (gửi) hoặc both (hai chiều).
catalogue-assurance-inventory-begins = Ngày hợp đồng hoặc tài khoản bắt đầu.
catalogue-assurance-inventory-ends = Ngày kết thúc.
catalogue-assurance-inventory-responsible = Người phụ trách.
catalogue-assurance-inventory-first_seen_at = Lần đầu thấy khi quét.
catalogue-assurance-inventory-last_seen_at = Lần cuối thấy khi quét.
catalogue-assurance-inventory-created_at = Lúc ghi vào sổ.
catalogue-assurance-inventory-updated_at = Lúc sửa gần nhất.

## assurance.systems
catalogue-assurance-systems = Hệ thống thông tin trong sổ đăng ký.
catalogue-assurance-systems-id = Mã định danh.
catalogue-assurance-systems-code = Mã công khai, duy nhất trong tỉnh.
catalogue-assurance-systems-name = Tên.
catalogue-assurance-systems-agency_id = Chủ quản; nối với organisation.agencies.id.
catalogue-assurance-systems-level = Cấp độ 1 đến 5 (Nghị định 331/2026, Điều 11–16).
catalogue-assurance-systems-level_decision = Số quyết định phê duyệt cấp độ.
catalogue-assurance-systems-state = proposed (đề xuất), building (đang xây dựng), on_trial (chạy thử), operating (đang vận hành) hoặc retired (đã ngừng).
catalogue-assurance-systems-hosting = Tên nơi đặt hệ thống.
catalogue-assurance-systems-critical = Thuộc danh mục hệ thống thông tin quan trọng về an ninh quốc gia.
catalogue-assurance-systems-operator_id = Cơ quan vận hành; NULL khi chủ quản tự vận hành hoặc không phải cơ quan trong danh sách.
catalogue-assurance-systems-operator = Đơn vị vận hành, khi không phải cơ quan trong danh sách.
catalogue-assurance-systems-specialised_unit_id = Đơn vị chuyên trách; nối với organisation.agencies.id.
catalogue-assurance-systems-specialised_unit = Đơn vị chuyên trách, khi không phải cơ quan trong danh sách.
catalogue-assurance-systems-purpose = Mục đích sử dụng.
catalogue-assurance-systems-users = Ai sử dụng.
catalogue-assurance-systems-user_count = Số người sử dụng.
catalogue-assurance-systems-service_scope = organisation (một cơ quan), province (bộ, ngành, tỉnh), nation (toàn quốc) hoặc international (quốc tế); trống: chưa ghi.
catalogue-assurance-systems-public_information = Có thông tin công cộng.
catalogue-assurance-systems-private_information = Có thông tin riêng.
catalogue-assurance-systems-personal_information = Có thông tin cá nhân.
catalogue-assurance-systems-basic_subjects = Số người có dữ liệu cá nhân cơ bản.
catalogue-assurance-systems-sensitive_subjects = Số người có dữ liệu cá nhân nhạy cảm.
catalogue-assurance-systems-hosting_kind = own_room (phòng máy của cơ quan), provincial_data_centre (trung tâm dữ liệu tỉnh), rented_cloud (đám mây thuê) hoặc elsewhere (nơi khác); trống: chưa ghi.
catalogue-assurance-systems-backup = Cách sao lưu.
catalogue-assurance-systems-domains = Tên miền.
catalogue-assurance-systems-public_addresses = Địa chỉ công khai.
catalogue-assurance-systems-network_ranges = Các dải mạng của hệ thống, cách nhau bằng dấu phẩy.
catalogue-assurance-systems-secret = Có xử lý bí mật nhà nước: chỉ tên mã, chủ quản, cấp độ.
catalogue-assurance-systems-created_at = Lúc đăng ký.
catalogue-assurance-systems-updated_at = Lúc thay đổi gần nhất.

## monitoring.alerts
catalogue-monitoring-alerts = Các lần khớp quy tắc, gộp theo quy tắc, hệ thống và đối tượng trong một khoảng thời gian.
catalogue-monitoring-alerts-id = Mã định danh của cảnh báo.
catalogue-monitoring-alerts-rule_id = Mã định danh của quy tắc.
catalogue-monitoring-alerts-rule_title = Tên quy tắc theo ngôn ngữ gốc.
catalogue-monitoring-alerts-rule_title_vi = Tên quy tắc bằng tiếng Việt, nếu có.
catalogue-monitoring-alerts-rule_level = Mức của quy tắc theo Sigma.
catalogue-monitoring-alerts-severity = Mức độ sau khi tính cả cấp độ của hệ thống.
catalogue-monitoring-alerts-score = Từ 0 đến 100: mức của quy tắc và cấp độ của hệ thống.
catalogue-monitoring-alerts-risk = Phần cộng vào rủi ro của đối tượng, trước khi phai dần.
catalogue-monitoring-alerts-state = new (mới), acknowledged (đã tiếp nhận), assigned (đã giao), escalated (đã nâng thành sự cố), closed (đã đóng) hoặc suppressed (tạm ngừng báo).
catalogue-monitoring-alerts-source_id = Nguồn của sự kiện đầu tiên.
catalogue-monitoring-alerts-system_id = Hệ thống mà nguồn thuộc về khi đó.
catalogue-monitoring-alerts-system_level = Cấp độ của hệ thống đó lúc phát cảnh báo.
catalogue-monitoring-alerts-agency_id = Cơ quan của hệ thống; trống khi nguồn chưa được nhận.
catalogue-monitoring-alerts-entity_kind = Cột nêu tên đối tượng, ví dụ source_ip.
catalogue-monitoring-alerts-entity_value = Đối tượng: một địa chỉ, một người dùng, một máy.
catalogue-monitoring-alerts-count = Số lần khớp đến nay.
catalogue-monitoring-alerts-first_sequence = Số của sự kiện đầu tiên (events.seq).
catalogue-monitoring-alerts-last_sequence = Số của sự kiện mới nhất.
catalogue-monitoring-alerts-first_event_time = Lúc xảy ra sự kiện đầu tiên, theo chính nó.
catalogue-monitoring-alerts-last_event_time = Lúc xảy ra sự kiện mới nhất, theo chính nó.
catalogue-monitoring-alerts-first_event_recorded = Lúc sự kiện đầu tiên đến Trung tâm.
catalogue-monitoring-alerts-detected_at = Lúc phát cảnh báo.
catalogue-monitoring-alerts-updated_at = Lúc thêm lần khớp mới nhất.
catalogue-monitoring-alerts-techniques = Các kỹ thuật ATT&CK, dạng danh sách JSON.
catalogue-monitoring-alerts-tactics = Các chiến thuật ATT&CK của quy tắc, dạng danh sách JSON.
catalogue-monitoring-alerts-story_id = Chuỗi tấn công mà cảnh báo thuộc về.
catalogue-monitoring-alerts-suppression_id = Đợt tạm ngừng báo đã giữ lại cảnh báo (suppressions.id).
catalogue-monitoring-alerts-damped = Đại diện cho những nhóm vượt quá số cho phép mỗi phút của một quy tắc.
catalogue-monitoring-alerts-seen_at = Lúc có người mở xem lần đầu.
catalogue-monitoring-alerts-seen_by = Người đã mở xem lần đầu.
catalogue-monitoring-alerts-acknowledged_at = Lúc tiếp nhận.
catalogue-monitoring-alerts-acknowledged_by = Người tiếp nhận.
catalogue-monitoring-alerts-assigned_to = Người được giao.
catalogue-monitoring-alerts-escalated_at = Lúc trở thành một phần của sự cố.
catalogue-monitoring-alerts-closed_at = Lúc đóng.
catalogue-monitoring-alerts-closed_by = Người đóng.
catalogue-monitoring-alerts-close_reason = handled (đã xử lý), benign (được phép), false-positive (báo nhầm) hoặc duplicate (trùng).

## monitoring.saved_searches
catalogue-monitoring-saved_searches = Các tìm kiếm và truy vấn mà người của một cơ quan chia sẻ, kèm lịch chạy.
catalogue-monitoring-saved_searches-id = Mã định danh; /search?saved=… mở tìm kiếm này.
catalogue-monitoring-saved_searches-kind = search (ngôn ngữ của trang Tìm kiếm) hoặc sql.
catalogue-monitoring-saved_searches-name = Tên.
catalogue-monitoring-saved_searches-description = Dùng để làm gì.
catalogue-monitoring-saved_searches-query_text = Nội dung hỏi.
catalogue-monitoring-saved_searches-sharing = agency (cơ quan) hoặc everyone (mọi người).
catalogue-monitoring-saved_searches-owner_id = Người lưu.
catalogue-monitoring-saved_searches-agency_id = Cơ quan của người lưu; nối với organisation.agencies.id.
catalogue-monitoring-saved_searches-created_at = Lúc lưu.
catalogue-monitoring-saved_searches-updated_at = Lúc sửa lần cuối.
catalogue-monitoring-saved_searches-schedule_state = active (đang chạy) hoặc stopped (đã dừng); NULL khi không có lịch.
catalogue-monitoring-saved_searches-every_minutes = Bao nhiêu phút chạy một lần.
catalogue-monitoring-saved_searches-last_run_at = Lúc chạy lần cuối.
catalogue-monitoring-saved_searches-last_matches = Số lần khớp của lần chạy cuối.
catalogue-monitoring-saved_searches-last_alert_at = Lúc sinh cảnh báo lần cuối.

## monitoring.sources
catalogue-monitoring-sources = Ai gửi nhật ký đến, nay thuộc về ai và nhận lần cuối lúc nào.
catalogue-monitoring-sources-id = Mã định danh của nguồn (events.source_id).
catalogue-monitoring-sources-name = Tên nguồn.
catalogue-monitoring-sources-kind = server (máy chủ), endpoint (máy trạm), network (thiết bị mạng), application (ứng dụng), database (cơ sở dữ liệu), sensor (cảm biến) hoặc other (khác).
catalogue-monitoring-sources-state = unassigned (chưa nhận), registered (đã đăng ký) hoặc retired (đã ngừng).
catalogue-monitoring-sources-agency_id = Cơ quan mà nguồn đang thuộc về.
catalogue-monitoring-sources-system_id = Hệ thống mà nguồn đang thuộc về.
catalogue-monitoring-sources-match_network = Địa chỉ hoặc dải mạng để nhận ra nguồn.
catalogue-monitoring-sources-match_host = Tên máy trong bản ghi để nhận ra nguồn.
catalogue-monitoring-sources-match_certificate = SHA-256 của chứng thư mà bên gửi trình trong TLS.
catalogue-monitoring-sources-expected = Phải có: im lặng thì báo.
catalogue-monitoring-sources-rhythm = Khi nào phải có: always (suốt ngày đêm), office (giờ hành chính) hoặc learned (học từ quá khứ của nguồn).
catalogue-monitoring-sources-solution_group = Nhóm giải pháp được đặt riêng: network, endpoint, application, data hoặc user; trống nếu theo loại nguồn.
catalogue-monitoring-sources-max_silence_minutes = Im lặng lâu hơn số phút này thì báo.
catalogue-monitoring-sources-first_seen = Lúc nhận sự kiện đầu tiên.
catalogue-monitoring-sources-last_seen = Lúc nhận sự kiện mới nhất.
catalogue-monitoring-sources-last_live = Lúc nhận sự kiện mới nhất không phải nhập từ tệp.
catalogue-monitoring-sources-last_event_time = Sự kiện mới nhất theo giờ của chính nó.
catalogue-monitoring-sources-lag_microseconds = Trung vị của lúc nhận trừ lúc xảy ra, tính bằng micro giây.
catalogue-monitoring-sources-rate_per_minute = Số sự kiện mỗi phút gần đây.
catalogue-monitoring-sources-events = Số sự kiện đến nay.
catalogue-monitoring-sources-not_understood = Trong đó, số chưa định dạng nào đọc được.
catalogue-monitoring-sources-silent_since = Nguồn phải có đã im lặng từ lúc nào; trống khi vẫn đang gửi.
catalogue-monitoring-sources-flood_since = Đang gửi nhiều gấp bội mức thường lệ từ lúc nào; trống nếu không.

## monitoring.unread_lines
catalogue-monitoring-unread_lines = Mẫu của những dòng chưa định dạng nào đọc được, theo nguồn.
catalogue-monitoring-unread_lines-id = Mã của mẫu.
catalogue-monitoring-unread_lines-source_id = Nguồn gửi những dòng này (sources.id).
catalogue-monitoring-unread_lines-agency_id = Cơ quan mà nguồn đang thuộc về.
catalogue-monitoring-unread_lines-part = record (cả bản ghi chưa đọc được) hoặc message (đọc được phần đầu, chưa đọc được nội dung).
catalogue-monitoring-unread_lines-lines = Số dòng đến nay.
catalogue-monitoring-unread_lines-estimated = Số dòng là ước lượng từ một phần các dòng.
catalogue-monitoring-unread_lines-first_seen = Lúc nhận dòng đầu tiên.
catalogue-monitoring-unread_lines-last_seen = Lúc nhận dòng mới nhất.
catalogue-monitoring-unread_lines-state = new (chờ xử lý), ignored (bỏ qua) hoặc solved (đã đọc được).
catalogue-monitoring-unread_lines-solved_by = Định dạng nay đọc được các dòng mẫu.

## monitoring.source_assignments
catalogue-monitoring-source_assignments = Nguồn thuộc về ai, từ khi nào đến khi nào.
catalogue-monitoring-source_assignments-source_id = Nguồn.
catalogue-monitoring-source_assignments-system_id = Hệ thống mà nguồn thuộc về.
catalogue-monitoring-source_assignments-agency_id = Cơ quan mà nguồn thuộc về.
catalogue-monitoring-source_assignments-valid_from = Từ khi nào; từ đầu nếu việc nhận có hiệu lực cả về trước.
catalogue-monitoring-source_assignments-valid_to = Đến khi nào (không gồm chính lúc đó); trống khi còn hiệu lực.
catalogue-monitoring-source_assignments-recorded_at = Lúc ghi nhận.
catalogue-monitoring-source_assignments-recorded_by = Người ghi nhận.

## monitoring.presence
catalogue-monitoring-presence = Những phút của mỗi giờ có nhận nhật ký trực tiếp từ một nguồn.
catalogue-monitoring-presence-source_id = Nguồn.
catalogue-monitoring-presence-system_id = Hệ thống mà nguồn thuộc về trong giờ đó.
catalogue-monitoring-presence-agency_id = Cơ quan mà nguồn thuộc về trong giờ đó.
catalogue-monitoring-presence-hour_start = Đầu giờ.
catalogue-monitoring-presence-minutes_seen = Bit thứ n bằng 1 khi phút thứ n có nhận nhật ký.
catalogue-monitoring-presence-events = Số sự kiện nhận trong giờ.

## monitoring.coverage
catalogue-monitoring-coverage = Mỗi ngày từng hệ thống được giám sát bao lâu, theo nhóm giải pháp. Dòng sau của cùng một ngày thay cho dòng trước.
catalogue-monitoring-coverage-system_id = Hệ thống.
catalogue-monitoring-coverage-agency_id = Cơ quan của hệ thống lúc tính.
catalogue-monitoring-coverage-system_level = Cấp độ của hệ thống lúc tính.
catalogue-monitoring-coverage-day_start = Đầu ngày theo giờ Việt Nam.
catalogue-monitoring-coverage-solution_group = network (mạng), endpoint (thiết bị), application (ứng dụng), data (dữ liệu) hoặc user (người dùng); any là mọi nguồn gộp lại.
catalogue-monitoring-coverage-minutes_expected = Số phút phải có: gồm phút có nhật ký, phút bảo trì và phút im lặng.
catalogue-monitoring-coverage-minutes_seen = Trong đó, số phút được một bản ghi gửi đến chứng tỏ.
catalogue-monitoring-coverage-minutes_maintenance = Trong đó, số phút không có nhật ký nhưng nằm trong bảo trì có kế hoạch.
catalogue-monitoring-coverage-longest_gap = Chuỗi phút phải có dài nhất mà không thuộc hai loại trên.
catalogue-monitoring-coverage-sources = Mã các nguồn đứng sau con số, dạng danh sách JSON.
catalogue-monitoring-coverage-complete = Lúc tính thì ngày đã hết.
catalogue-monitoring-coverage-known_at = Lúc tính.
catalogue-monitoring-coverage-superseded_at = Lúc có lần tính khác thay thế; trống nếu còn hiệu lực.

## monitoring.presence_days
catalogue-monitoring-presence_days = Những phút của mỗi ngày có nhận nhật ký trực tiếp từ một nguồn. Dòng sau của cùng một ngày thay cho dòng trước.
catalogue-monitoring-presence_days-source_id = Nguồn.
catalogue-monitoring-presence_days-system_id = Hệ thống mà nguồn thuộc về lúc đầu ngày.
catalogue-monitoring-presence_days-agency_id = Cơ quan mà nguồn thuộc về lúc đầu ngày.
catalogue-monitoring-presence_days-day_start = Đầu ngày theo giờ Việt Nam.
catalogue-monitoring-presence_days-minutes = Mỗi phút một bit, thành 360 chữ số hệ 16; bit thấp nhất của cặp đầu là 00:00.
catalogue-monitoring-presence_days-minutes_heard = Số phút ấy.
catalogue-monitoring-presence_days-events = Số sự kiện nhận trong ngày.
catalogue-monitoring-presence_days-complete = Lúc tính thì ngày đã hết.
catalogue-monitoring-presence_days-known_at = Lúc tính.
catalogue-monitoring-presence_days-superseded_at = Lúc có lần tính khác thay thế; trống nếu còn hiệu lực.

## monitoring.presence_months
catalogue-monitoring-presence_months = Những phút của mỗi tháng có nhận nhật ký trực tiếp từ một nguồn, theo các ngày còn hiệu lực.
catalogue-monitoring-presence_months-source_id = Nguồn.
catalogue-monitoring-presence_months-agency_id = Cơ quan mà nguồn thuộc về trong những ngày ấy.
catalogue-monitoring-presence_months-month_start = Đầu tháng theo giờ Việt Nam.
catalogue-monitoring-presence_months-days_heard = Số ngày có nhận nhật ký.
catalogue-monitoring-presence_months-minutes_heard = Số phút có nhận nhật ký.
catalogue-monitoring-presence_months-events = Số sự kiện đã nhận.
catalogue-monitoring-presence_months-known_at = Lúc tính ngày cuối cùng trong số đó.

## monitoring.maintenance
catalogue-monitoring-maintenance = Bảo trì có kế hoạch, trong đó im lặng không thành cảnh báo.
catalogue-monitoring-maintenance-id = Mã của đợt.
catalogue-monitoring-maintenance-agency_id = Cơ quan mà đợt áp dụng, hoặc cơ quan của hệ thống, nguồn; trống nếu áp dụng toàn Trung tâm.
catalogue-monitoring-maintenance-system_id = Hệ thống mà đợt áp dụng.
catalogue-monitoring-maintenance-source_id = Nguồn mà đợt áp dụng.
catalogue-monitoring-maintenance-reason = Lý do.
catalogue-monitoring-maintenance-starts_at = Lúc bắt đầu.
catalogue-monitoring-maintenance-ends_at = Lúc kết thúc theo dự kiến.
catalogue-monitoring-maintenance-created_by = Người báo trước.
catalogue-monitoring-maintenance-created_at = Lúc báo.
catalogue-monitoring-maintenance-ended_by = Người kết thúc sớm.
catalogue-monitoring-maintenance-ended_at = Lúc kết thúc sớm.
catalogue-monitoring-maintenance-suppression_id = Đợt tạm ngừng báo giữ lại cảnh báo trong cùng thời gian.

## monitoring.rule_states
catalogue-monitoring-rule_states = Quy tắc đã được đổi trạng thái; quy tắc không có dòng nào là đang dùng.
catalogue-monitoring-rule_states-rule_id = Mã của quy tắc (alerts.rule_id).
catalogue-monitoring-rule_states-state = on (đang dùng), shadow (chạy thử: đếm, không cảnh báo) hoặc off (đã tắt).
catalogue-monitoring-rule_states-reason = Lý do.
catalogue-monitoring-rule_states-changed_by = Người quyết định.
catalogue-monitoring-rule_states-changed_at = Lúc nào.

## monitoring.rule_exceptions
catalogue-monitoring-rule_exceptions = Những gì quy tắc không cảnh báo, ở đâu và đến khi nào.
catalogue-monitoring-rule_exceptions-id = Mã của ngoại lệ.
catalogue-monitoring-rule_exceptions-rule_id = Mã của quy tắc (alerts.rule_id).
catalogue-monitoring-rule_exceptions-agency_id = Cơ quan mà ngoại lệ áp dụng, hoặc cơ quan của hệ thống, nguồn; trống nếu áp dụng toàn Trung tâm.
catalogue-monitoring-rule_exceptions-system_id = Hệ thống mà ngoại lệ áp dụng.
catalogue-monitoring-rule_exceptions-source_id = Nguồn mà ngoại lệ áp dụng.
catalogue-monitoring-rule_exceptions-conditions = Các trường và giá trị cùng phải đúng, dạng danh sách JSON.
catalogue-monitoring-rule_exceptions-reason = Lý do.
catalogue-monitoring-rule_exceptions-expires_at = Lúc hết hạn.
catalogue-monitoring-rule_exceptions-alert_id = Cảnh báo mà từ đó ngoại lệ được tạo.
catalogue-monitoring-rule_exceptions-created_by = Người tạo.
catalogue-monitoring-rule_exceptions-created_at = Lúc tạo.
catalogue-monitoring-rule_exceptions-removed_by = Người chấm dứt sớm.
catalogue-monitoring-rule_exceptions-removed_at = Lúc chấm dứt.

## monitoring.rule_hits
catalogue-monitoring-rule_hits = Số lần khớp của quy tắc theo giờ sự kiện đến (cũ hơn thì theo ngày), nguồn và những gì phân biệt chúng.
catalogue-monitoring-rule_hits-rule_id = Mã của quy tắc (alerts.rule_id).
catalogue-monitoring-rule_hits-hour_start = Đầu giờ, hoặc đầu ngày theo giờ Việt Nam, mà các sự kiện khớp đến Trung tâm.
catalogue-monitoring-rule_hits-hours = 1 là một giờ, 24 là một ngày.
catalogue-monitoring-rule_hits-source_id = Nguồn của sự kiện; trống khi nhiều nhóm được đếm chung.
catalogue-monitoring-rule_hits-system_id = Hệ thống mà nguồn thuộc về.
catalogue-monitoring-rule_hits-agency_id = Cơ quan của hệ thống.
catalogue-monitoring-rule_hits-detailed = Là false khi các nhóm vượt giới hạn được đếm chung.
catalogue-monitoring-rule_hits-alerted = Số lần khớp đã vào một cảnh báo.
catalogue-monitoring-rule_hits-shadowed = Số lần khớp khi quy tắc đang chạy thử.
catalogue-monitoring-rule_hits-excepted = Số lần khớp được bỏ qua theo ngoại lệ.

## monitoring.indicator_lists
catalogue-monitoring-indicator_lists = Danh sách chỉ báo mà sự kiện được đối chiếu.
catalogue-monitoring-indicator_lists-id = Mã của danh sách.
catalogue-monitoring-indicator_lists-name = Tên.
catalogue-monitoring-indicator_lists-source = Nơi công bố.
catalogue-monitoring-indicator_lists-kind = malware (mã độc), phishing (lừa đảo), control (máy chủ điều khiển), scanning (dò quét) hoặc other.
catalogue-monitoring-indicator_lists-tlp = Mức chia sẻ: clear, green, amber, amber-strict hoặc red.
catalogue-monitoring-indicator_lists-confidence = Độ tin cậy khi danh sách không tự nói, phần trăm.
catalogue-monitoring-indicator_lists-valid_days = Số ngày có giá trị khi danh sách không tự nói.
catalogue-monitoring-indicator_lists-with_subdomains = Tên miền đại diện cho mọi tên bên dưới.
catalogue-monitoring-indicator_lists-enabled = Sự kiện được đối chiếu với danh sách.
catalogue-monitoring-indicator_lists-created_at = Lúc lập.
catalogue-monitoring-indicator_lists-updated_at = Lúc sửa lần cuối.

## monitoring.indicators
catalogue-monitoring-indicators = Tên miền, địa chỉ, liên kết, mã băm, thư điện tử và tên tệp trên các danh sách.
catalogue-monitoring-indicators-list_id = Danh sách; nối với monitoring.indicator_lists.id.
catalogue-monitoring-indicators-indicator_id = Định danh của chỉ báo trong mọi danh sách; cảnh báo của nó có rule_id là indicator:….
catalogue-monitoring-indicators-kind = domain, address, url, hash, mail hoặc file-name.
catalogue-monitoring-indicators-text = Chỉ báo ở dạng viết thống nhất.
catalogue-monitoring-indicators-confidence = Độ tin cậy của danh sách, phần trăm.
catalogue-monitoring-indicators-valid_from = Có giá trị từ thời điểm này; trống là từ trước đến nay.
catalogue-monitoring-indicators-valid_until = Có giá trị trước thời điểm này.
catalogue-monitoring-indicators-reference = Mã của nơi công bố.
catalogue-monitoring-indicators-added_at = Lúc được đưa vào danh sách.
catalogue-monitoring-indicators-renewed_at = Lúc được nhập lần cuối.

## monitoring.hunts
catalogue-monitoring-hunts = Quy tắc và chỉ báo đã được tìm trong những gì đã lưu.
catalogue-monitoring-hunts-id = Mã của lần tìm.
catalogue-monitoring-hunts-subject_kind = rule (quy tắc), indicator (chỉ báo) hoặc list (danh sách).
catalogue-monitoring-hunts-subject_id = Mã của đối tượng; trống khi đối tượng không dành cho mọi người.
catalogue-monitoring-hunts-subject_name = Tên của đối tượng khi bắt đầu tìm; trống khi đối tượng không dành cho mọi người.
catalogue-monitoring-hunts-time_from = Đầu khoảng thời gian.
catalogue-monitoring-hunts-time_to = Cuối khoảng thời gian.
catalogue-monitoring-hunts-state = waiting, running, done, cancelled hoặc failed.
catalogue-monitoring-hunts-owner_id = Người yêu cầu.
catalogue-monitoring-hunts-events = Số bản ghi đã xem từng cái.
catalogue-monitoring-hunts-matches = Số lần khớp.
catalogue-monitoring-hunts-alerts = Số cảnh báo trước đó chưa có.
catalogue-monitoring-hunts-created_at = Lúc yêu cầu.
catalogue-monitoring-hunts-started_at = Lúc bắt đầu.
catalogue-monitoring-hunts-ended_at = Lúc kết thúc.

## monitoring.hunt_alerts
catalogue-monitoring-hunt_alerts = Cảnh báo do tìm ngược tạo ra: chúng thuộc về quá khứ.
catalogue-monitoring-hunt_alerts-alert_id = Cảnh báo; nối với monitoring.alerts.id.
catalogue-monitoring-hunt_alerts-hunt_id = Lần tìm đã tạo ra nó.
catalogue-monitoring-hunt_alerts-agency_id = Cơ quan của cảnh báo.

## monitoring.early_warnings
catalogue-monitoring-early_warnings = Những điều khác thường, kèm mức bình thường.
catalogue-monitoring-early_warnings-id = Mã của phát hiện.
catalogue-monitoring-early_warnings-detector = Bộ phát hiện đã tìm ra (alerts.rule_id của cảnh báo tương ứng).
catalogue-monitoring-early_warnings-agency_id = Cơ quan của nguồn; trống khi nguồn chưa được giao cho cơ quan nào.
catalogue-monitoring-early_warnings-source_id = Nguồn của sự kiện.
catalogue-monitoring-early_warnings-entity_kind = Các cột chỉ ra đối tượng, ví dụ user_name; source nếu đối tượng là chính nguồn.
catalogue-monitoring-early_warnings-entity_value = Đối tượng có điều khác thường.
catalogue-monitoring-early_warnings-sequence = Số của sự kiện làm lộ ra điều khác thường (events.seq).
catalogue-monitoring-early_warnings-time = Thời điểm của sự kiện đó theo chính nó.
catalogue-monitoring-early_warnings-anomaly = Mức đã thấy, mức bình thường và số liệu của biểu đồ, dạng JSON.

## monitoring.suppressions
catalogue-monitoring-suppressions = Các đợt tạm ngừng báo.
catalogue-monitoring-suppressions-id = Mã của đợt (alerts.suppression_id).
catalogue-monitoring-suppressions-kind = maintenance (bảo trì), drill (diễn tập) hoặc other (việc khác).
catalogue-monitoring-suppressions-rule_id = Mã của quy tắc (alerts.rule_id); trống nếu là mọi quy tắc.
catalogue-monitoring-suppressions-agency_id = Cơ quan mà đợt áp dụng, hoặc cơ quan của hệ thống, nguồn; trống nếu áp dụng toàn Trung tâm.
catalogue-monitoring-suppressions-system_id = Hệ thống mà đợt áp dụng.
catalogue-monitoring-suppressions-source_id = Nguồn mà đợt áp dụng.
catalogue-monitoring-suppressions-conditions = Các trường và giá trị cùng phải đúng, dạng danh sách JSON.
catalogue-monitoring-suppressions-reason = Lý do.
catalogue-monitoring-suppressions-starts_at = Lúc bắt đầu.
catalogue-monitoring-suppressions-ends_at = Lúc kết thúc theo dự kiến.
catalogue-monitoring-suppressions-alert_id = Cảnh báo mà từ đó đợt được tạo.
catalogue-monitoring-suppressions-created_by = Người tạo.
catalogue-monitoring-suppressions-created_at = Lúc tạo.
catalogue-monitoring-suppressions-ended_by = Người kết thúc sớm.
catalogue-monitoring-suppressions-ended_at = Lúc kết thúc sớm.

## monitoring.address_ranges
catalogue-monitoring-address_ranges = Tên, loại của các mạng, và áp dụng cho sự kiện của cơ quan nào.
catalogue-monitoring-address_ranges-id = Mã của dải.
catalogue-monitoring-address_ranges-network = Mạng, ví dụ 10.1.0.0/16; ip_in(source_ip, '10.1.0.0/16') hỏi sự kiện theo mạng.
catalogue-monitoring-address_ranges-name = Tên dải; quy tắc hỏi ở source_ip_range.
catalogue-monitoring-address_ranges-kind = internal (nội bộ), servers (máy chủ), dmz, users (người dùng), guests (khách), remote (từ xa), public (công cộng), partner (đối tác) hoặc other (khác).
catalogue-monitoring-address_ranges-agency_id = Cơ quan có sự kiện mà dải áp dụng, kể cả cơ quan trực thuộc; trống nếu là tất cả.
catalogue-monitoring-address_ranges-note = Ghi chú.
catalogue-monitoring-address_ranges-updated_at = Lúc thay đổi gần nhất.

## monitoring.listed_values
catalogue-monitoring-listed_values = Giá trị trong các danh sách của Trung tâm: quản trị, máy chủ, tài khoản dịch vụ.
catalogue-monitoring-listed_values-id = Mã của giá trị trong danh sách.
catalogue-monitoring-listed_values-list = Tên danh sách, đúng như quy tắc viết.
catalogue-monitoring-listed_values-value = Giá trị: tài khoản, tên máy, địa chỉ.
catalogue-monitoring-listed_values-agency_id = Cơ quan có sự kiện mà giá trị áp dụng, kể cả cơ quan trực thuộc; trống nếu là tất cả.
catalogue-monitoring-listed_values-note = Ghi chú.
catalogue-monitoring-listed_values-updated_at = Lúc thay đổi gần nhất.

## organisation.agencies
catalogue-organisation-agencies = Cơ quan, tổ chức trong tỉnh: sở, ngành, xã, phường, đơn vị, doanh nghiệp, đối tác.
catalogue-organisation-agencies-id = Mã định danh.
catalogue-organisation-agencies-code = Mã công khai ngắn.
catalogue-organisation-agencies-name = Tên hiện nay.
catalogue-organisation-agencies-kind = Loại, ví dụ sở hoặc xã.
catalogue-organisation-agencies-parent_id = Cơ quan cấp trên.
catalogue-organisation-agencies-valid_from = Tồn tại từ khi nào.
catalogue-organisation-agencies-valid_to = Kết thúc khi nào; trống khi còn tồn tại.
catalogue-organisation-agencies-address = Địa chỉ bưu chính.
catalogue-organisation-agencies-phone = Điện thoại.
catalogue-organisation-agencies-email = Hộp thư công vụ.
catalogue-organisation-agencies-duty_hours = Giờ có người trả lời.

## organisation.agency_decisions
catalogue-organisation-agency_decisions = Sáp nhập, đổi tên đã quyết định cho một ngày tới, và kết quả.
catalogue-organisation-agency_decisions-id = Mã định danh.
catalogue-organisation-agency_decisions-agency_id = Cơ quan sáp nhập hoặc đổi tên; nối với organisation.agencies.id.
catalogue-organisation-agency_decisions-into_id = Cơ quan kế thừa; trống khi đổi tên.
catalogue-organisation-agency_decisions-name = Tên mới; trống khi sáp nhập.
catalogue-organisation-agency_decisions-at = Lúc bắt đầu ngày đó theo giờ Việt Nam.
catalogue-organisation-agency_decisions-basis = Văn bản căn cứ.
catalogue-organisation-agency_decisions-entered_at = Lúc ghi.
catalogue-organisation-agency_decisions-state = waiting (chưa thực hiện), done (đã thực hiện), refused (không thực hiện được) hoặc revoked (đã bỏ).
catalogue-organisation-agency_decisions-settled_at = Lúc thực hiện, không thực hiện được hoặc bỏ; trống khi còn chờ.
catalogue-organisation-agency_decisions-refusal = Mã của lý do đến ngày không thực hiện được; trống khi không có.

## organisation.audit
catalogue-organisation-audit = Nhật ký kiểm toán: ai đã làm gì với hồ sơ nào, nối bằng chuỗi mã băm.
catalogue-organisation-audit-sequence = Vị trí trong chuỗi, không có khoảng trống.
catalogue-organisation-audit-at = Lúc thực hiện.
catalogue-organisation-audit-actor_id = Người, khóa API, hoặc service:<tên>.
catalogue-organisation-audit-actor_name = Tên lúc đó.
catalogue-organisation-audit-on_behalf_of = Cơ quan mà người thực hiện thay mặt, hoặc người chạy lệnh.
catalogue-organisation-audit-action = đối tượng.việc, ví dụ alert.acknowledge.
catalogue-organisation-audit-object_kind = Loại hồ sơ.
catalogue-organisation-audit-object_id = Mã định danh của hồ sơ.
catalogue-organisation-audit-agency_id = Cơ quan có hồ sơ; trống nếu của cả Trung tâm.
catalogue-organisation-audit-origin = Địa chỉ mạng, nếu biết.
catalogue-organisation-audit-details = JSON: trước thế nào, sau thế nào, vì sao.
catalogue-organisation-audit-hash = SHA-256 của dòng trước và dòng này.

## organisation.outbox
catalogue-organisation-outbox = Tin đã hoặc sắp gửi ra ngoài: qua kênh nào, lúc nào, kết quả ra sao.
catalogue-organisation-outbox-id = Mã, giữ nguyên ở mọi lần thử.
catalogue-organisation-outbox-agency_id = Cơ quan của kênh; nối với organisation.agencies.id.
catalogue-organisation-outbox-channel_id = Kênh nào.
catalogue-organisation-outbox-channel_kind = mail, webhook hoặc gateway.
catalogue-organisation-outbox-person_id = Người nhận; trống khi gửi chung vào kênh.
catalogue-organisation-outbox-kind = Loại tin.
catalogue-organisation-outbox-severity = Mức độ của tin.
catalogue-organisation-outbox-state = waiting, sent, failed hoặc withdrawn.
catalogue-organisation-outbox-attempts = Số lần đã thử.
catalogue-organisation-outbox-created_at = Lúc tin phát sinh.
catalogue-organisation-outbox-due_at = Lúc sẽ gửi hoặc đã đến hạn gửi.
catalogue-organisation-outbox-done_at = Lúc gửi xong, thôi gửi hoặc rút lại.
catalogue-organisation-outbox-failure = Vì sao lần thử cuối không được; trống khi được.

## organisation.people
catalogue-organisation-people = Người có tài khoản, không kèm bí mật nào.
catalogue-organisation-people-id = Mã định danh.
catalogue-organisation-people-account = Tên đăng nhập.
catalogue-organisation-people-full_name = Họ tên.
catalogue-organisation-people-agency_id = Cơ quan của người đó.
catalogue-organisation-people-title = Chức vụ.
catalogue-organisation-people-kind = Loại tài khoản.
catalogue-organisation-people-active = Tài khoản có đang mở hay không.
catalogue-organisation-people-created_at = Lúc tạo tài khoản.

## organisation.incumbents
catalogue-organisation-incumbents = Ai giữ nhiệm vụ nào tại cơ quan: người đứng đầu, cấp phó, cán bộ chuyên trách.
catalogue-organisation-incumbents-id = Mã định danh.
catalogue-organisation-incumbents-agency_id = Cơ quan.
catalogue-organisation-incumbents-person_id = Người.
catalogue-organisation-incumbents-post = head (người đứng đầu), deputy (cấp phó) hoặc dedicated (chuyên trách).
catalogue-organisation-incumbents-decision = Quyết định phân công.
catalogue-organisation-incumbents-starts_at = Từ lúc.
catalogue-organisation-incumbents-ends_at = Đến lúc; trống: không thời hạn.

## organisation.qualifications
catalogue-organisation-qualifications = Chứng chỉ, khóa đào tạo và kỹ năng của từng người, kèm ngày hết hạn.
catalogue-organisation-qualifications-id = Mã định danh.
catalogue-organisation-qualifications-person_id = Của ai.
catalogue-organisation-qualifications-agency_id = Cơ quan của người đó.
catalogue-organisation-qualifications-kind = certificate (chứng chỉ), training (đào tạo) hoặc skill (kỹ năng).
catalogue-organisation-qualifications-name = Tên.
catalogue-organisation-qualifications-issuer = Nơi cấp.
catalogue-organisation-qualifications-obtained_at = Từ lúc nào.
catalogue-organisation-qualifications-expires_at = Đến lúc; trống: không thời hạn.

## organisation.experts
catalogue-organisation-experts = Chuyên gia có thể mời, không kèm số điện thoại.
catalogue-organisation-experts-id = Mã định danh.
catalogue-organisation-experts-agency_id = Danh sách của cơ quan nào.
catalogue-organisation-experts-full_name = Họ và tên.
catalogue-organisation-experts-workplace = Nơi công tác.
catalogue-organisation-experts-fields = Lĩnh vực.
catalogue-organisation-experts-at_night = Có gọi được ban đêm hay không.
catalogue-organisation-experts-agreed_until = Đồng ý đến lúc; trống: không thời hạn.
catalogue-organisation-experts-active = Hiện có trong danh sách hay không.

## organisation.roster
catalogue-organisation-roster = Ca trực: ai đã hoặc sẽ trực.
catalogue-organisation-roster-id = Mã định danh.
catalogue-organisation-roster-agency_id = Lịch trực của cơ quan nào.
catalogue-organisation-roster-person_id = Người trực.
catalogue-organisation-roster-post = Vị trí trực.
catalogue-organisation-roster-starts_at = Từ lúc.
catalogue-organisation-roster-ends_at = Đến lúc.
catalogue-organisation-roster-note = Điều ca này bàn giao cho ca sau.
catalogue-organisation-roster-note_at = Lúc ghi bàn giao.

## response.duties
catalogue-response-duties = Đồng hồ của các nghĩa vụ báo cáo. Trễ khi due_at trước sent_at, hoặc trước bây giờ mà chưa gửi.
catalogue-response-duties-incident_id = Sự cố; nối với response.incidents.id.
catalogue-response-duties-duty_id = Nghĩa vụ như trong content/duties, ví dụ IN-24.
catalogue-response-duties-agency_id = Cơ quan liên quan; nối với organisation.agencies.id.
catalogue-response-duties-form = Mẫu để hoàn thành nghĩa vụ.
catalogue-response-duties-recipient_id = Nơi phải nhận báo cáo.
catalogue-response-duties-applies = Điều kiện áp dụng có thỏa hay không.
catalogue-response-duties-provisional = Chạy tạm cho đến khi sự cố được phân loại.
catalogue-response-duties-assumed = Không rõ lúc bắt đầu; lấy lúc phát hiện thay thế.
catalogue-response-duties-started_at = Lúc đồng hồ bắt đầu.
catalogue-response-duties-due_at = Hạn.
catalogue-response-duties-sent_at = Lúc hoàn thành.
catalogue-response-duties-receipt_at = Lúc nơi nhận xác nhận.

## response.incidents
catalogue-response-incidents = Các sự cố với loại, mức độ và năm mốc thời gian.
catalogue-response-incidents-id = Mã định danh.
catalogue-response-incidents-code = Mã công khai, duy nhất trong Trung tâm.
catalogue-response-incidents-title = Tiêu đề.
catalogue-response-incidents-agency_id = Cơ quan liên quan; nối với organisation.agencies.id.
catalogue-response-incidents-system_id = Hệ thống liên quan; nối với assurance.systems.id.
catalogue-response-incidents-state = detect (phát hiện), confirm (xác minh), contain (ngăn chặn), eradicate (loại bỏ), recover (khôi phục), review (rút kinh nghiệm) hoặc closed (đã đóng).
catalogue-response-incidents-severity = Mức theo thang đang áp dụng; NULL khi chưa phân loại.
catalogue-response-incidents-serious = Có phải mức nghiêm trọng hay không; NULL khi chưa phân loại.
catalogue-response-incidents-law_class = Loại hành vi theo khoản 1 Điều 18 Luật 116/2025: a, b, c, d, dd hoặc e.
catalogue-response-incidents-technical_kind = malware (mã độc), intrusion (xâm nhập), denial-of-service (từ chối dịch vụ), data-leak (lộ dữ liệu) …
catalogue-response-incidents-cause = attack (tấn công), technical-fault (lỗi kỹ thuật), operator-error (lỗi vận hành), disaster (thiên tai) hoặc unknown (chưa rõ).
catalogue-response-incidents-false_alarm = Đã đóng vì không phải sự cố.
catalogue-response-incidents-occurred_at = Lúc bắt đầu xảy ra, trong chừng mực đã biết.
catalogue-response-incidents-detected_at = Lúc phát hiện.
catalogue-response-incidents-seen_at = Lúc có người xem lần đầu.
catalogue-response-incidents-reported_at = Lúc gửi thông báo đầu tiên.
catalogue-response-incidents-receipt_at = Lúc nhận biên nhận đầu tiên.
catalogue-response-incidents-opened_at = Lúc mở.
catalogue-response-incidents-closed_at = Lúc đóng.

## response.notices
catalogue-response-notices = Thông báo và báo cáo về sự cố.
catalogue-response-notices-id = Mã định danh.
catalogue-response-notices-incident_id = Sự cố; nối với response.incidents.id.
catalogue-response-notices-agency_id = Cơ quan báo cáo; nối với organisation.agencies.id.
catalogue-response-notices-form = Mẫu như trong content/reports, ví dụ first-notice.
catalogue-response-notices-state = draft (dự thảo), submitted (đã trình), approved (đã duyệt), sent (đã gửi) hoặc receipt (có biên nhận).
catalogue-response-notices-symbol = Số và ký hiệu, sau khi duyệt.
catalogue-response-notices-created_at = Lúc soạn.
catalogue-response-notices-submitted_at = Lúc trình.
catalogue-response-notices-approved_at = Lúc duyệt.
catalogue-response-notices-sent_at = Lúc gửi.
catalogue-response-notices-channel = document-system (trục văn bản), ministry-software (phần mềm của Bộ), e-mail (thư điện tử), paper (bản giấy) hoặc phone (điện thoại).
catalogue-response-notices-receipt_at = Lúc nhận biên nhận.
catalogue-response-notices-document_sha256 = SHA-256 của văn bản đã duyệt.
catalogue-monitoring-source_redactions = Quy tắc giảm thiểu dữ liệu: các trường của một nguồn có giá trị không được giữ.
catalogue-monitoring-source_redactions-id = Mã của quy tắc.
catalogue-monitoring-source_redactions-source_id = Nguồn có bản ghi bị thay đổi; nối với monitoring.sources.id.
catalogue-monitoring-source_redactions-agency_id = Cơ quan hiện nay của nguồn.
catalogue-monitoring-source_redactions-field = Trường hoặc cột chung có giá trị không được giữ.
catalogue-monitoring-source_redactions-act = drop (bỏ) hoặc hash (băm).
catalogue-monitoring-source_redactions-reason = Lý do.
catalogue-monitoring-source_redactions-created_by = Người tạo.
catalogue-monitoring-source_redactions-created_at = Khi nào.
catalogue-monitoring-source_redactions-ended_at = Áp dụng đến khi nào; trống khi còn áp dụng.
catalogue-monitoring-source_redactions-records = Số bản ghi đã bị lấy đi một giá trị.
