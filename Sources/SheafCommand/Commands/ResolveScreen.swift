import Foundation
import SheafModel
import SheafSync

/// The screen of `sheaf resolve`: shows each part, takes a choice for it, and records nothing before it is told to.
///
/// Lines and prompts only, so that it works on any terminal and can be played by a script.
struct ResolveScreen {
  let settlement: ConflictSettlement
  let document: DocumentPath
  let library: Library
  let session: Session
  let reason: UsualReasonOption
  private var choices: [PartChoice] = []

  init(
    settlement: ConflictSettlement, document: DocumentPath, library: Library, session: Session,
    reason: UsualReasonOption
  ) {
    self.settlement = settlement
    self.document = document
    self.library = library
    self.session = session
    self.reason = reason
  }

  private var console: Console { session.console }
  private var parts: [ConflictReport.Part] { settlement.report.parts }

  /// Asks until the conflict is settled or the person leaves it.
  mutating func run() async throws -> Outcome {
    console.print(settlement.report.head(isColoured: console.isOutputColoured))
    console.print("  \(Quantity(parts.count, "part")) to choose; the rest is merged.")
    var isShown = false
    while true {
      guard choices.count < parts.count else {
        switch try await offerResult() {
        case .saved: return .done
        case .left: return leave()
        case .undone:
          isShown = false
          continue
        }
      }
      let part = parts[choices.count]
      if !isShown {
        console.print(part.lines(of: parts.count, isColoured: console.isOutputColoured, width: console.width))
        isShown = true
      }
      guard let answer = console.ask(Self.question(part))?.trimmingWhiteSpace.lowercased() else {
        return leave()
      }
      switch answer {
      case "o", "ours": take(.ours, &isShown)
      case "t", "theirs": take(.theirs, &isShown)
      case "b", "base": take(.base, &isShown)
      case "p" where part.isProposed, "proposed" where part.isProposed:
        take(.proposed, &isShown)
      case "+" where part.canTakeBoth, "both" where part.canTakeBoth:
        take(.both, &isShown)
      case "e", "edit": if let text = try edit(part) { take(.text(text), &isShown) }
      case "u", "undo":
        if choices.isEmpty { console.note("Nothing to undo.") } else { choices.removeLast() }
        isShown = false
      case "v", "view": preview()
      case "s", "show": isShown = false
      case "q", "quit": return leave()
      default: console.note(Self.explanation(part))
      }
    }
  }

  private mutating func take(_ choice: PartChoice, _ isShown: inout Bool) {
    choices.append(choice)
    isShown = false
  }

  private func leave() -> Outcome {
    console.note("Left as it is.")
    return .needsYou
  }

  private static func question(_ part: ConflictReport.Part) -> String {
    "(o)urs, (t)heirs, (b)ase\(part.isProposed ? ", (p)roposed" : "")\(part.canTakeBoth ? ", (+) both" : ""), "
      + "(e)dit, (u)ndo, (v)iew, (q)uit?"
  }

  private static func explanation(_ part: ConflictReport.Part) -> String {
    var words = "o takes ours, t theirs, b what stood there before, "
    if part.isProposed { words += "p what is proposed, " }
    if part.canTakeBoth { words += "+ ours and then theirs, " }
    return words
      + "e opens this part in your editor, u undoes the last choice, v shows the document so far, "
      + "s shows this part again, q leaves everything as it is."
  }

  // MARK: the result

  private enum Ending { case saved, left, undone }

  private mutating func offerResult() async throws -> Ending {
    console.print("")
    preview()
    while let answer = console.ask("(s)ave, (u)ndo, (v)iew all of it, (q)uit?")?.trimmingWhiteSpace
      .lowercased()
    {
      switch answer {
      case "s", "save": if try await save() { return .saved }
      case "u", "undo":
        _ = choices.popLast()
        return .undone
      case "v", "view": view()
      case "q", "quit": return .left
      default:
        console.note("s records it, u undoes the last choice, v shows the whole document, q leaves it.")
      }
    }
    return .left
  }

  /// What the choices so far change about what everybody sees.
  private func preview() {
    let change = settlement.change(taking: choices)
    guard let change else {
      console.print("As it is shown now.")
      return
    }
    console.print(change.lines(isColoured: console.isOutputColoured))
  }

  private func view() {
    guard let bytes = settlement.content(taking: choices) else {
      console.print("(The document is removed.)")
      return
    }
    let text = String(validating: bytes, as: UTF8.self)
    console.print(text?.escapedLinesForTerminal ?? "(\(bytes.count) bytes)")
  }

  /// Records the choices; `false` when they break a rule, and the person may choose again.
  private func save() async throws -> Bool {
    var words = reason.reason?.trimmingWhiteSpace ?? ""
    if words.isEmpty {
      words = console.ask("Why? (Enter for \"Settled part by part\")")?.trimmingWhiteSpace ?? ""
    }
    if words.isEmpty { words = "Settled part by part" }
    do {
      let report = try await library.resolve(
        document, with: .parts(choices), of: settlement, reason: words)
      console.print(report.sentence("Settled"))
      return true
    } catch let refusal as ContentRefusal {
      console.fail(FailureText(refusal))
      return false
    } catch let missing as ReasonMissing {
      console.fail(FailureText(missing))
      return false
    }
  }

  // MARK: editing

  /// A part in the person's editor; `nil` when it was left as it was or the editor failed.
  private func edit(_ part: ConflictReport.Part) throws -> [UInt8]? {
    let start = part.proposed ?? part.ours ?? part.theirs ?? ""
    let folder = FileManager.default.temporaryDirectory.appending(path: "sheaf-resolve-\(UUID().uuidString)")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appending(path: document.name)
    try Data(start.utf8).write(to: file)
    do { try EditCommand.edit(file, environment: session.environment) } catch let error as EditError {
      console.fail(FailureText(error))
      return nil
    }
    guard let data = FileManager.default.contents(atPath: file.path) else { return nil }
    // An editor ends a file with a line end, which a field's value does not have.
    if !start.hasSuffix("\n"), data.last == UInt8(ascii: "\n") { return [UInt8](data.dropLast()) }
    return [UInt8](data)
  }
}
