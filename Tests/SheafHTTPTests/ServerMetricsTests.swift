import Testing

@testable import SheafServer

@Suite("Figures of the server")
struct ServerMetricsTests {
  @Test("Lengths that somebody only declares can't overflow a counter")
  func overflow() {
    let metrics = ServerMetrics()
    for _ in 0..<4 {
      metrics.count(route: "healthz", status: 400, receivedBytes: .max, sentBytes: .max, duration: .zero)
    }
    #expect(metrics.text(figures: nil, connections: (0, 0)).contains("sheaf_http_requests_total"))
  }
}
