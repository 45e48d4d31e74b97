import SheafModel

/// Why a pattern was refused.
struct SchemaPatternError: Error, Hashable {
  let reason: String
}

/// A pattern as JSON Schema means it: found anywhere in a string, by Unicode scalars.
///
/// The regular part of ECMA-262: no references back and no looking around, so that a pattern is run
/// as an automaton in time that grows with the text (K. Thompson, "Regular expression search
/// algorithm", 1968), whatever somebody wrote into a schema.
struct SchemaPattern {
  /// The most work one search may take, in states times scalars.
  static let workLimit = 50_000_000
  /// The most states a pattern may have, counted repetitions written out.
  static let stateLimit = 10_000

  private let program: [PatternInstruction]

  /// Compiles a pattern; `nil` when it cannot be.
  init?(_ pattern: String) {
    guard let pattern = try? SchemaPattern(parsing: pattern) else { return nil }
    self = pattern
  }

  /// Compiles a pattern.
  init(parsing pattern: String) throws(SchemaPatternError) {
    var parser = PatternParser(pattern)
    let tree = try parser.parse()
    var compiler = PatternCompiler()
    try compiler.compile(tree)
    program = compiler.program + [.match]
  }

  /// Whether the pattern is found; `nil` when the string is too long for it to be tried.
  func isFound(in text: String) -> Bool? {
    let scalars = Array(text.unicodeScalars)
    let (work, overflow) = (scalars.count + 1).multipliedReportingOverflow(by: program.count)
    guard !overflow, work <= Self.workLimit else { return nil }
    var run = Run(program: program, scalars: scalars)
    return run.isFound()
  }

  /// One run: the states it is in after each scalar.
  private struct Run {
    let program: [PatternInstruction]
    let scalars: [Unicode.Scalar]
    private var current: [Int] = []
    private var next: [Int] = []
    /// At which step a state was last entered.
    private var entered: [Int]
    private var pending: [Int] = []

    init(program: [PatternInstruction], scalars: [Unicode.Scalar]) {
      (self.program, self.scalars) = (program, scalars)
      entered = Array(repeating: -1, count: program.count)
    }

    mutating func isFound() -> Bool {
      for position in 0...scalars.count {
        // The search may start anywhere.
        if enter(0, at: position) { return true }
        guard position < scalars.count else { return false }
        let scalar = scalars[position]
        swap(&current, &next)
        current.removeAll(keepingCapacity: true)
        for state in next {
          guard case .one(let set) = program[state], set.contains(scalar) else { continue }
          if enter(state + 1, at: position + 1) { return true }
        }
      }
      return false
    }

    /// Enters a state and all that follow without a scalar; true when the pattern is found.
    private mutating func enter(_ state: Int, at position: Int) -> Bool {
      pending.append(state)
      while let state = pending.popLast() {
        guard entered[state] != position else { continue }
        entered[state] = position
        switch program[state] {
        case .match:
          pending.removeAll()
          return true
        case .one: current.append(state)
        case .jump(let target): pending.append(target)
        case .split(let one, let other):
          pending.append(one)
          pending.append(other)
        case .start: if position == 0 { pending.append(state + 1) }
        case .end: if position == scalars.count { pending.append(state + 1) }
        case .border(let isWanted): if isBorder(position) == isWanted { pending.append(state + 1) }
        }
      }
      return false
    }

    private func isBorder(_ position: Int) -> Bool {
      func isWord(_ index: Int) -> Bool {
        scalars.indices.contains(index) && PatternSet.word.contains(scalars[index])
      }
      return isWord(position - 1) != isWord(position)
    }
  }
}

/// One step of a pattern's automaton.
enum PatternInstruction {
  case one(PatternSet)
  case split(Int, Int)
  case jump(Int)
  case start
  case end
  case border(Bool)
  case match
}

/// What a pattern consists of.
indirect enum PatternTree {
  case empty
  case one(PatternSet)
  case sequence([PatternTree])
  case choice([PatternTree])
  case repeated(PatternTree, least: Int, most: Int?)
  case start
  case end
  case border(Bool)
}

/// Turns a pattern's tree into states.
struct PatternCompiler {
  private(set) var program: [PatternInstruction] = []

  mutating func compile(_ tree: PatternTree) throws(SchemaPatternError) {
    guard program.count < SchemaPattern.stateLimit else {
      throw SchemaPatternError(reason: "needs more than \(SchemaPattern.stateLimit) states")
    }
    switch tree {
    case .empty: break
    case .one(let set): program.append(.one(set))
    case .sequence(let parts): for part in parts { try compile(part) }
    case .choice(let parts): try compileChoice(parts[...])
    case .repeated(let part, let least, let most): try compileRepetition(part, least, most)
    case .start: program.append(.start)
    case .end: program.append(.end)
    case .border(let isWanted): program.append(.border(isWanted))
    }
  }

  private mutating func compileChoice(_ parts: ArraySlice<PatternTree>) throws(SchemaPatternError) {
    var jumps: [Int] = []
    for (index, part) in zip(parts.indices, parts) {
      guard index < parts.endIndex - 1 else {
        try compile(part)
        break
      }
      let split = program.count
      program.append(.split(split + 1, 0))
      try compile(part)
      jumps.append(program.count)
      program.append(.jump(0))
      program[split] = .split(split + 1, program.count)
    }
    for jump in jumps { program[jump] = .jump(program.count) }
  }

  private mutating func compileRepetition(_ part: PatternTree, _ least: Int, _ most: Int?)
    throws(SchemaPatternError)
  {
    for _ in 0..<least { try compileCounted(part) }
    guard let most else {
      let split = program.count
      program.append(.split(split + 1, 0))
      try compile(part)
      program.append(.jump(split))
      program[split] = .split(split + 1, program.count)
      return
    }
    var splits: [Int] = []
    for _ in least..<max(least, most) {
      splits.append(program.count)
      program.append(.split(program.count + 1, 0))
      try compileCounted(part)
    }
    for split in splits { program[split] = .split(split + 1, program.count) }
  }

  /// One copy of what is counted; even an empty one takes a state, so that counting ends.
  private mutating func compileCounted(_ part: PatternTree) throws(SchemaPatternError) {
    let before = program.count
    try compile(part)
    if program.count == before { program.append(.jump(before + 1)) }
  }
}
