#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that is started and waited for.
///
/// Foundation's `Process` can miss the end of a short-lived child on Linux when it is
/// waited for on a thread without a run loop, and would then wait for ever.
enum ChildProcess {
  /// Runs a program to its end.
  ///
  /// - Parameters:
  ///   - arguments: The program's path first.
  ///   - environment: `NAME=value` entries; `nil` for this process's own.
  ///   - streams: The descriptors that become the child's first three; `nil` leaves this process's own.
  /// - Returns: The exit code, 128 and the signal's number when a signal ended it, or
  ///   127 when it could not be started.
  static func run(_ arguments: [String], environment: [String]? = nil, streams: [Int32]? = nil) -> Int32 {
    guard let program = arguments.first else { return 127 }
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    guard posix_spawn_file_actions_init(&actions) == 0 else { return 127 }
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, descriptor) in (streams ?? []).enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
    }
    var child = pid_t()
    let started = withStrings(arguments) { arguments in
      guard let environment else { return posix_spawn(&child, program, &actions, nil, arguments, environ) }
      return withStrings(environment) { posix_spawn(&child, program, &actions, nil, arguments, $0) }
    }
    guard started == 0 else { return 127 }
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      if errno != EINTR { return 127 }
    }
    // The macros WIFEXITED, WEXITSTATUS and WTERMSIG are not imported.
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  /// C strings with an end mark, as `argv` and `environ` are.
  private static func withStrings<Value>(
    _ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Value
  ) -> Value {
    let copies: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) } + [nil]
    defer { for copy in copies { free(copy) } }
    return copies.withUnsafeBufferPointer { buffer in
      guard let first = buffer.baseAddress else {
        preconditionFailure("the array holds at least the end mark")
      }
      return body(first)
    }
  }
}
