import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

#if canImport(Glibc)
  private let streamType = Int32(SOCK_STREAM.rawValue)
  private let noSignal = Int32(MSG_NOSIGNAL)
#else
  private let streamType = SOCK_STREAM
  private let noSignal: Int32 = 0
#endif

/// A plain TCP socket, for what a well-behaved client or server would never send.
final class Socket: Sendable {
  private let descriptor: Int32

  init(descriptor: Int32) {
    self.descriptor = descriptor
    var patience = timeval(tv_sec: 10, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  deinit { close(descriptor) }

  /// Connects; with a small buffer, what the server sends soon finds no room.
  static func connect(port: Int, bufferInBytes: Int32? = nil) throws -> Socket {
    let descriptor = socket(AF_INET, streamType, 0)
    if var size = bufferInBytes {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var address = loopback(port)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        #if canImport(Glibc)
          Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        #else
          Darwin.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        #endif
      }
    }
    guard descriptor >= 0, result == 0 else { throw TestError("can't connect: \(errno)") }
    return Socket(descriptor: descriptor)
  }

  /// Listens on a port of the loopback address, a free one where none is given.
  static func listen(port: Int = 0) throws -> (socket: Socket, port: Int) {
    let descriptor = socket(AF_INET, streamType, 0)
    var reuses: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuses, socklen_t(MemoryLayout<Int32>.size))
    var address = loopback(port)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let result = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0
      }
    }
    #if canImport(Glibc)
      let listens = Glibc.listen(descriptor, 16) == 0
    #else
      let listens = Darwin.listen(descriptor, 16) == 0
    #endif
    guard descriptor >= 0, result, listens else { throw TestError("can't listen: \(errno)") }
    return (Socket(descriptor: descriptor), Int(UInt16(bigEndian: address.sin_port)))
  }

  #if canImport(Glibc)
    /// How many connections may wait at this process' listener on a port.
    static func longestQueue(ofListenerAt port: Int) -> Int? {
      for descriptor in 0..<Int32(4096) {
        var isListening: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        var address = sockaddr_in()
        var addressSize = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isNamed = withUnsafeMutablePointer(to: &address) {
          $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            getsockname(descriptor, $0, &addressSize) == 0
          }
        }
        guard isNamed, getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &isListening, &size) == 0,
          isListening != 0, Int(UInt16(bigEndian: address.sin_port)) == port
        else { continue }
        // Of a listener, `tcpi_sacked` of tcp(7)'s TCP_INFO is the length of its queue: the eighth word of 32 bits.
        var info = [UInt32](repeating: 0, count: 26)
        var infoSize = socklen_t(info.count * 4)
        guard getsockopt(descriptor, Int32(IPPROTO_TCP), TCP_INFO, &info, &infoSize) == 0 else { return nil }
        return Int(info[7])
      }
      return nil
    }
  #endif

  /// The next connection, however long it takes to come; `nil` once this socket is shut.
  func accept() -> Socket? {
    while true {
      #if canImport(Glibc)
        let accepted = Glibc.accept(descriptor, nil, nil)
      #else
        let accepted = Darwin.accept(descriptor, nil, nil)
      #endif
      if accepted >= 0 { return Socket(descriptor: accepted) }
      guard errno == EAGAIN || errno == EINTR else { return nil }
    }
  }

  /// Ends both directions, also for a call that waits.
  func shut() { shutdown(descriptor, Int32(SHUT_RDWR)) }

  /// Sends everything; `false` once the other side is gone.
  @discardableResult
  func send(_ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { write($0) }
      guard count > 0 else { return false }
      rest = rest.dropFirst(count)
    }
    return true
  }

  @discardableResult
  func send(_ text: String) -> Bool { send(Array(text.utf8)) }

  private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    #if canImport(Glibc)
      Glibc.send(descriptor, bytes.baseAddress, bytes.count, noSignal)
    #else
      Darwin.send(descriptor, bytes.baseAddress, bytes.count, noSignal)
    #endif
  }

  /// Sends what there is of a message, and cuts the line once the other side has taken it:
  /// a client may drop what it has received but not handed on when the line is cut.
  func sendThenCut(_ text: String, _ bytes: [UInt8], taken: Taken) {
    send(Array(text.utf8) + bytes)
    taken.wait(for: UInt64(bytes.count))
    shut()
  }

  /// Bytes that arrive next; empty at the end, after a reset, or after ten seconds.
  func receive(atMost limit: Int = 64 << 10) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: limit)
    let count = buffer.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
    return count > 0 ? Array(buffer[..<count]) : []
  }

  /// Everything until the other side closes.
  func receiveAll() -> [UInt8] {
    var all: [UInt8] = []
    while true {
      let some = receive()
      if some.isEmpty { return all }
      all += some
    }
  }

  /// A message head, up to and with its empty line, and what came after it.
  func receiveHead() -> (head: String, rest: [UInt8]) {
    var all: [UInt8] = []
    while true {
      if let end = all.firstRange(of: Array("\r\n\r\n".utf8)) {
        return (String(decoding: all[..<end.upperBound], as: UTF8.self), Array(all[end.upperBound...]))
      }
      let some = receive()
      if some.isEmpty { return (String(decoding: all, as: UTF8.self), []) }
      all += some
    }
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    return address
  }
}

/// How many bytes of a bundle a pull has taken.
final class Taken: Sendable {
  private let count = Mutex<UInt64>(0)

  func note(_ received: UInt64) { count.withLock { $0 = received } }

  /// Blocks until so many bytes were taken, for at most ten seconds.
  func wait(for wanted: UInt64) {
    for _ in 0..<2000 where count.withLock({ $0 }) < wanted { Thread.sleep(forTimeInterval: 0.005) }
  }
}

/// Does blocking work on a thread that may block.
func blocking<Result: Sendable>(_ work: @escaping @Sendable () throws -> Result) async throws -> Result {
  try await withCheckedThrowingContinuation { continuation in
    Thread.detachNewThread { continuation.resume(with: Swift.Result { try work() }) }
  }
}

/// A server that follows a script: one closure for each connection, in order; the last serves all others.
final class ScriptedServer: Sendable {
  typealias Script = @Sendable (_ head: String, _ socket: Socket) -> Void

  let port: Int
  private let listener: Socket
  private let heads = Heads()

  var address: String { "http://127.0.0.1:\(port)" }
  /// The request heads seen so far.
  var requests: [String] { heads.all.withLock { $0 } }

  init(port: Int = 0, _ scripts: Script...) throws {
    (listener, self.port) = try Socket.listen(port: port)
    let (listener, heads) = (listener, heads)
    Thread.detachNewThread {
      var index = 0
      while let socket = listener.accept() {
        let script = scripts[min(index, scripts.count - 1)]
        index += 1
        Thread.detachNewThread {
          let head = socket.receiveHead().head
          guard !head.isEmpty else { return }
          heads.all.withLock { $0.append(head) }
          script(head, socket)
          socket.shut()
        }
      }
    }
  }

  deinit { listener.shut() }

  private final class Heads: Sendable {
    let all = Mutex<[String]>([])
  }

  /// Text of a response head; every script serves one request on its connection.
  static func head(_ status: String, _ fields: [String: String]) -> String {
    "HTTP/1.1 \(status)\r\nconnection: close\r\n" + fields.map { "\($0): \($1)\r\n" }.joined() + "\r\n"
  }
}

/// Stands between a client and a server, counts the bytes that pass, and cuts each connection after so many of the client's.
final class CountingRelay: Sendable {
  struct Counts {
    var up = 0
    var down = 0
    var connections = 0
  }

  let port: Int
  private let listener: Socket
  private let state = Counted()

  var address: String { "http://127.0.0.1:\(port)" }
  var counts: Counts { state.all.withLock { $0 } }

  init(to target: Int, cuttingAfter limit: Int = .max) throws {
    (listener, port) = try Socket.listen()
    let (listener, state) = (listener, state)
    Thread.detachNewThread {
      while let client = listener.accept(), let server = try? Socket.connect(port: target) {
        state.all.withLock { $0.connections += 1 }
        Self.pass(from: client, to: server, atMost: limit) { count in state.all.withLock { $0.up += count } }
        Self.pass(from: server, to: client) { count in state.all.withLock { $0.down += count } }
      }
    }
  }

  deinit { listener.shut() }

  private static func pass(
    from source: Socket, to target: Socket, atMost limit: Int = .max,
    counted: @escaping @Sendable (Int) -> Void
  ) {
    Thread.detachNewThread {
      var left = limit
      while left > 0 {
        let bytes = source.receive(atMost: min(left, 16 << 10))
        guard !bytes.isEmpty else { return target.shut() }
        counted(bytes.count)
        target.send(bytes)
        left -= bytes.count
      }
      target.shut()
      source.shut()
    }
  }

  private final class Counted: Sendable {
    let all = Mutex(Counts())
  }
}
