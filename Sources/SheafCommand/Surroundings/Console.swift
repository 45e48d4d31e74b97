import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The terminal, pipe or file that the command speaks to.
///
/// Results go to the standard output; progress, warnings and hints to the standard error.
struct Console: Sendable {
  /// Whether results are read by a person.
  var isOutputTerminal: Bool
  /// Whether progress can be shown.
  var isErrorTerminal: Bool
  /// Whether a question can be answered.
  var isInputTerminal: Bool
  /// Whether colours may be used, on a terminal.
  var showsColours: Bool
  /// The terminal's columns, when the output is one.
  var width: Int?

  /// The console of this process.
  static func standard(environment: [String: String]) -> Console {
    let isOutputTerminal = isatty(STDOUT_FILENO) == 1
    let isDumb = environment["TERM"].map { $0 == "dumb" || $0.isEmpty } ?? true
    let isErrorTerminal = isatty(STDERR_FILENO) == 1 && !isDumb
    var size = winsize()
    let isKnown = ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0
    return Console(
      isOutputTerminal: isOutputTerminal, isErrorTerminal: isErrorTerminal,
      isInputTerminal: isatty(STDIN_FILENO) == 1,
      // https://no-color.org: present and not empty.
      showsColours: !isDumb && environment["NO_COLOR", default: ""].isEmpty,
      width: isOutputTerminal ? (isKnown ? Int(size.ws_col) : 80) : nil)
  }

  /// Whether results may be coloured.
  var isOutputColoured: Bool { isOutputTerminal && showsColours }
  private var isErrorColoured: Bool { isErrorTerminal && showsColours }

  /// Prints a line of the result.
  func print(_ line: String) { write(Array((line + "\n").utf8)) }

  /// Prints lines of the result.
  func print(_ lines: [String]) {
    if !lines.isEmpty { print(lines.joined(separator: "\n")) }
  }

  /// Prints a report as one line of JSON.
  func printJSON(_ report: some Encodable) throws { print(try JSONLine.of(report)) }

  /// Writes bytes of the result as they are.
  func write(_ bytes: [UInt8]) {
    let failure = Self.write(bytes, to: STDOUT_FILENO)
    // A reader that has seen enough, as in `sheaf log | head`, is no failure.
    if failure != 0, failure != EPIPE { Self.outputFailure.withLock { $0 = failure } }
  }

  /// Says something that is not a result.
  func note(_ line: String) { writeError(line + "\n") }

  /// Says what a person should know.
  func warn(_ text: String) {
    note(Style.yellow("warning:", isShown: isErrorColoured) + " " + text.escapedForTerminal)
  }

  /// Says what to try next.
  func hint(_ text: String) {
    note(Style.faint("hint:", isShown: isErrorColoured) + " " + text.escapedForTerminal)
  }

  /// Says what failed, and what to try.
  ///
  /// A problem may go on in lines that are set in by two spaces; other line breaks in it are
  /// escaped, so that no name or answer from outside can pose as a line of ours.
  func fail(_ explanation: FailureText) {
    let lines = explanation.problem.components(separatedBy: "\n  ").map(\.escapedForTerminal)
    note(Style.red("sheaf:", isShown: isErrorColoured) + " " + lines.joined(separator: "\n  "))
    if let text = explanation.hint { hint(text) }
  }

  /// Asks a question and reads a line; `nil` when there is nobody to answer.
  func ask(_ question: String) -> String? {
    guard isInputTerminal else { return nil }
    writeError(question + " ")
    return readLine(strippingNewline: true)
  }

  /// Asks for a secret, which the terminal does not show; `nil` when there is nobody to answer.
  func askSecret(_ question: String) -> String? {
    guard isInputTerminal else { return nil }
    writeError(question + " ")
    var before = termios()
    guard tcgetattr(STDIN_FILENO, &before) == 0 else { return nil }
    var silent = before
    silent.c_lflag &= ~tcflag_t(ECHO)
    // What cannot be hidden is not asked for.
    guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else { return nil }
    let answer = readLine(strippingNewline: true)
    _ = tcsetattr(STDIN_FILENO, TCSAFLUSH, &before)
    writeError("\n")
    return answer
  }

  /// Writes to the standard error without a line's end.
  func writeError(_ text: String) { _ = Self.write(Array(text.utf8), to: STDERR_FILENO) }

  /// Fails when a part of the result could not be written, as on a full disk.
  func checkOutput() throws {
    let failure = Self.outputFailure.withLock { $0 }
    if failure != 0 { throw OutputError(detail: String(cString: strerror(failure))) }
  }

  private static let outputFailure = Mutex<Int32>(0)

  /// Writes all bytes; returns the error's number, or 0.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) -> Int32 {
    bytes.withUnsafeBytes { buffer in
      var rest = buffer[...]
      while !rest.isEmpty {
        #if canImport(Glibc)
          let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        #else
          let count = Darwin.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
        #endif
        if count < 0 {
          if errno == EINTR || errno == EAGAIN { continue }
          return errno
        }
        rest = rest.dropFirst(count)
      }
      return 0
    }
  }
}
