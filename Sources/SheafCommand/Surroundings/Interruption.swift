#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What becomes of signals.
///
/// Interrupting is safe at any time: changes to a library are transactions, files are
/// moved into place when they are whole. So the process says so and ends at once.
enum Interruption {
  /// Ends the process with code 130 on an interrupt; lets writes to a closed pipe, or to a file that is as large as it
  /// may be, fail with an error.
  static func install() {
    // Handlers, unlike "ignore", are not inherited by an editor that is started.
    for failing in [SIGPIPE, SIGXFSZ] { _ = signal(failing) { _ in } }
    let handler: @convention(c) (Int32) -> Void = { _ in
      // Only what is safe in a signal handler: write and _exit.
      if isatty(STDERR_FILENO) == 1 { Interruption.say("\r\u{1b}[K") }
      Interruption.say("sheaf: interrupted; nothing is half done.\n")
      _exit(130)
    }
    _ = signal(SIGINT, handler)
    _ = signal(SIGTERM, handler)
  }

  /// Leaves interrupts to a child process that owns the terminal, until `install` is called again.
  static func leaveToChild() {
    _ = signal(SIGINT) { _ in }
  }

  /// Gives the signals back, for a server that has its own way to stop.
  static func leaveToServer() {
    _ = signal(SIGINT, SIG_DFL)
    _ = signal(SIGTERM, SIG_DFL)
  }

  private static func say(_ text: StaticString) {
    _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  }
}
