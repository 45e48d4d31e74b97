#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A program that is started and waited for.
///
/// Foundation's `Process` can miss the end of a short-lived child on Linux when it is
/// waited for on a thread without a run loop, and would then wait for ever.
package struct ChildProcess {
  private let child: pid_t

  /// Starts a program.
  ///
  /// - Parameters:
  ///   - arguments: The program's path first.
  ///   - environment: `NAME=value` entries; `nil` for this process's own.
  ///   - streams: The descriptors that become the child's first three; `nil` leaves this process's own.
  /// - Returns: `nil` when it could not be started.
  package init?(_ arguments: [String], environment: [String]? = nil, streams: [Int32]? = nil) {
    guard let program = arguments.first else { return nil }
    #if canImport(Glibc)
      var actions = posix_spawn_file_actions_t()
    #else
      var actions: posix_spawn_file_actions_t?
    #endif
    guard posix_spawn_file_actions_init(&actions) == 0 else { return nil }
    defer { posix_spawn_file_actions_destroy(&actions) }
    for (number, descriptor) in (streams ?? []).enumerated() {
      posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(number))
    }
    var child = pid_t()
    let started = Self.withStrings(arguments) { arguments in
      guard let environment else { return posix_spawn(&child, program, &actions, nil, arguments, environ) }
      return Self.withStrings(environment) { posix_spawn(&child, program, &actions, nil, arguments, $0) }
    }
    guard started == 0 else { return nil }
    self.child = child
  }

  /// Waits until it ends; to be called once.
  ///
  /// - Returns: The exit code, 128 and the signal's number when a signal ended it.
  package func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(child, &status, 0) < 0 {
      if errno != EINTR { return 127 }
    }
    // The macros WIFEXITED, WEXITSTATUS and WTERMSIG are not imported.
    let signal = status & 0x7f
    return signal == 0 ? (status >> 8) & 0xff : 128 + signal
  }

  /// Asks it to end at once, and waits for that.
  package func kill() {
    _ = killProcess(child, SIGKILL)
    _ = wait()
  }

  /// Runs a program to its end.
  ///
  /// - Returns: As `wait()`, or 127 when it could not be started.
  package static func run(
    _ arguments: [String], environment: [String]? = nil, streams: [Int32]? = nil
  ) -> Int32 {
    ChildProcess(arguments, environment: environment, streams: streams)?.wait() ?? 127
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

// The method of the same name would be found first.
private func killProcess(_ process: pid_t, _ signal: Int32) -> Int32 { kill(process, signal) }
