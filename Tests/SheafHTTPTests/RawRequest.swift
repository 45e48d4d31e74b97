import Foundation
import SheafHTTP

/// One answer, read by hand.
struct Reply: Sendable {
  var status: Int
  var fields: [String: String] = [:]
  var body: [UInt8]

  var text: String { String(decoding: body, as: UTF8.self) }
  var problem: Problem.Kind? { Problem(json: body)?.kind }
}

/// Sends a request on a connection of its own and reads the answer to its end.
func ask(
  _ server: RunningServer, _ target: String, method: String = "GET", _ fields: [String: String] = [:],
  body: [UInt8] = []
) async throws -> Reply {
  var head = "\(method) \(target) HTTP/1.1\r\nhost: h\r\nconnection: close\r\n"
  for (name, value) in fields { head += "\(name): \(value)\r\n" }
  if !body.isEmpty { head += "content-length: \(body.count)\r\n" }
  let request = Array((head + "\r\n").utf8) + body
  return try await blocking { [port = server.port] in
    let socket = try Socket.connect(port: port)
    socket.send(request)
    let (answer, rest) = socket.receiveHead()
    let lines = answer.split(separator: "\r\n")
    guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      throw TestError("no answer: \(answer)")
    }
    var reply = Reply(status: status, body: rest + socket.receiveAll())
    for line in lines.dropFirst() {
      let sides = line.split(separator: ":", maxSplits: 1)
      reply.fields[sides[0].lowercased()] = sides[1].trimmingCharacters(in: .whitespaces)
    }
    return reply
  }
}
