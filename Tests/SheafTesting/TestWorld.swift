import SheafModel
import SheafSync
import Synchronization

/// A library's surroundings that a seed decides: its clock, its randomness, and where it crashes.
public final class TestWorld: Sendable {
  /// The error that stands for a process that died here.
  public struct Crash: Error {
    public let step: LibraryEnvironment.Step
  }

  private struct State {
    var random: SplitMix64
    var time: Int64 = 1_780_000_000
    var stepsLeft: Int?
    var fatalStep: LibraryEnvironment.Step?
    var hasCrashed = false
  }
  private let state: Mutex<State>

  public init(seed: UInt64) { state = Mutex(State(random: SplitMix64(seed: seed))) }

  /// Dies at the step after `count` more steps; `nil` for never.
  public func crash(afterSteps count: Int?) {
    state.withLock { state in
      state.stepsLeft = count
      state.fatalStep = nil
    }
  }

  /// Dies the next time that this step is taken.
  public func crash(at step: LibraryEnvironment.Step) { state.withLock { $0.fatalStep = step } }

  /// Whether a death lies ahead.
  public var isArmed: Bool { state.withLock { $0.stepsLeft != nil } }

  /// Whether it died since the last time somebody asked.
  public func takeHasCrashed() -> Bool {
    state.withLock { state in
      let hasCrashed = state.hasCrashed
      state.hasCrashed = false
      return hasCrashed
    }
  }

  /// Each look at the clock is seven seconds after the last.
  public var environment: LibraryEnvironment {
    var options = LibraryEnvironment(
      clock: { [self] in
        state.withLock {
          $0.time += 7
          return Timestamp(seconds: $0.time)
        }
      },
      random: { [self] count in state.withLock { $0.random.bytes(count) } },
      step: { [self] step in
        let dies = state.withLock { state in
          if state.fatalStep == step {
            state.fatalStep = nil
            state.hasCrashed = true
            return true
          }
          guard let left = state.stepsLeft else { return false }
          state.stepsLeft = left > 0 ? left - 1 : nil
          state.hasCrashed = state.hasCrashed || left == 0
          return left == 0
        }
        if dies { throw Crash(step: step) }
      })
    options.storeOptions.durability = .none
    return options
  }
}
