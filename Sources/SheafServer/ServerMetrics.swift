import SheafSync
import Synchronization

/// What the server counts, as Prometheus text (exposition format 0.0.4).
final class ServerMetrics: Sendable {
  private struct Series {
    var byStatus: [Int: UInt64] = [:]
    var receivedBytes: UInt64 = 0
    var sentBytes: UInt64 = 0
    var buckets = [UInt64](repeating: 0, count: ServerMetrics.bounds.count)
    var seconds = 0.0
    var count: UInt64 = 0
  }

  /// The upper bounds of the duration histogram in seconds.
  private static let bounds: [(text: String, seconds: Double)] = [
    ("0.005", 0.005), ("0.025", 0.025), ("0.1", 0.1), ("0.5", 0.5), ("2.5", 2.5), ("10", 10), ("60", 60),
    ("600", 600),
  ]

  private let series = Mutex<[String: Series]>([:])

  /// Counts one finished request. Route names are few and fixed, so this can't grow.
  func count(route: String, status: Int, receivedBytes: Int, sentBytes: UInt64, duration: Duration) {
    let seconds = Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    series.withLock { all in
      var one = all[route] ?? Series()
      one.byStatus[status, default: 0] += 1
      one.receivedBytes &+= UInt64(max(0, receivedBytes))
      one.sentBytes &+= sentBytes
      one.seconds += seconds
      one.count += 1
      for (index, bound) in Self.bounds.enumerated() where seconds <= bound.seconds {
        one.buckets[index] += 1
      }
      all[route] = one
    }
  }

  /// The text of all counters, with the library's and the connections' figures.
  func text(figures: ServiceFigures?, connections: (open: Int, refused: Int)) -> String {
    let all = series.withLock { $0 }.sorted { $0.key < $1.key }
    var out = Lines()
    out.family("sheaf_http_requests_total", "counter", "Requests by route and status.")
    for (route, one) in all {
      for (status, count) in one.byStatus.sorted(by: { $0.key < $1.key }) {
        out.add("sheaf_http_requests_total{route=\"\(route)\",status=\"\(status)\"} \(count)")
      }
    }
    out.family("sheaf_http_request_bytes_total", "counter", "Bytes of request bodies.")
    for (route, one) in all {
      out.add("sheaf_http_request_bytes_total{route=\"\(route)\"} \(one.receivedBytes)")
    }
    out.family("sheaf_http_response_bytes_total", "counter", "Bytes of response bodies.")
    for (route, one) in all {
      out.add("sheaf_http_response_bytes_total{route=\"\(route)\"} \(one.sentBytes)")
    }
    out.family("sheaf_http_request_seconds", "histogram", "Time from a request's head to its answer's end.")
    for (route, one) in all {
      for (bound, count) in zip(Self.bounds, one.buckets) {
        out.add("sheaf_http_request_seconds_bucket{route=\"\(route)\",le=\"\(bound.text)\"} \(count)")
      }
      out.add("sheaf_http_request_seconds_bucket{route=\"\(route)\",le=\"+Inf\"} \(one.count)")
      out.add("sheaf_http_request_seconds_sum{route=\"\(route)\"} \(one.seconds)")
      out.add("sheaf_http_request_seconds_count{route=\"\(route)\"} \(one.count)")
    }
    out.gauge("sheaf_connections", "Open connections.", UInt64(max(0, connections.open)))
    out.family("sheaf_connections_refused_total", "counter", "Connections that were one too many.")
    out.add("sheaf_connections_refused_total \(connections.refused)")
    if let figures {
      out.gauge("sheaf_change_sets", "Change sets in the log.", figures.changeSets)
      out.gauge("sheaf_documents", "Current documents.", figures.documents)
      out.gauge("sheaf_conflicts", "Documents in conflict.", figures.conflicts)
      out.gauge("sheaf_quarantined_drafts", "Drafts in quarantine.", figures.quarantined)
      out.family("sheaf_bundles_made_total", "counter", "Bundles made; others came from the cache.")
      out.add("sheaf_bundles_made_total \(figures.bundlesMade)")
    }
    return out.text
  }

  private struct Lines {
    var text = ""

    mutating func add(_ line: String) { text += line + "\n" }

    mutating func family(_ name: String, _ type: String, _ help: String) {
      add("# HELP \(name) \(help)")
      add("# TYPE \(name) \(type)")
    }

    mutating func gauge(_ name: String, _ help: String, _ value: UInt64) {
      family(name, "gauge", help)
      add("\(name) \(value)")
    }
  }
}
