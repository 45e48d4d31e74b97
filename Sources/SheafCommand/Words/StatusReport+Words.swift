import SheafModel
import SheafSync

extension StatusReport {
  /// Where the copy stands, one sentence a line, then the drafts.
  func lines(width: Int?) -> [String] {
    var lines = [who, "At \(Position.words(size, newestChange: newestChange))."]
    var counts = "\(Quantity(documents, "document")), \(ByteCount(sizeInBytes)) on disk"
    if conflicts > 0 {
      counts += ", \(Quantity.grouped(conflicts)) in conflict"
      if conflictsToLookAt > 0 { counts += " (\(Quantity.grouped(conflictsToLookAt)) with a proposal)" }
    }
    if proposals > 0 { counts += ", \(Quantity(proposals, "edit")) under review" }
    lines.append(counts + ".")
    if approvals > 0 {
      lines.append(
        "\(Quantity(approvals, "edit")) \(approvals == 1 ? "waits" : "wait") for somebody else's approval; `sheaf proposals` shows what."
      )
    }
    if redactions > 0 {
      let what = "The content of \(Quantity(redactions, "revision")) is to be destroyed and waits for"
      lines.append(
        redactionsToConfirm > 0
          ? "\(what) a second person, which may be you; `sheaf redactions` shows what."
          : "\(what) a second person; `sheaf redactions` shows what.")
    }
    if awaitsMembership { lines.append("The request to become a member waits for its answer.") }
    if let changed = changedSinceSigned.first {
      let others = changedSinceSigned.count - 1
      let more = others > 0 ? " and \(Quantity.grouped(others)) more" : ""
      let it = others > 0 ? "them" : "it"
      lines.append(
        "\(Quantity(changedSinceSigned.count, "document")) changed since somebody signed \(it), and nobody has again: \(changed.escapedForTerminal)\(more)."
      )
    }
    if absent > 0 {
      lines.append(
        "\(Quantity(absent, "asset")), \(ByteCount(absentInBytes)), not fetched; `sheaf fetch` gets what is asked for."
      )
    }
    if !isPublisher {
      let held = subscription == "*" ? "everything" : collections
      lines.append(
        "Keeps \(depth) of \(held); syncs with \(remote.isEmpty ? "nothing yet" : remote.escapedForTerminal)."
      )
    }
    if let freshness { lines.append(freshness.sentence) }
    if splitViews > 0 { lines.append(Freshness.splitViews(splitViews)) }
    let roleWords = role.map { ", \($0)" } ?? ""
    lines.append("Changes made here are signed by \(member.escapedForTerminal) (\(memberMark))\(roleWords).")
    if quarantined > 0 {
      lines.append(
        "\(Quantity(quarantined, "draft")) of others \(quarantined == 1 ? "waits" : "wait") in quarantine.")
    }
    if !drafts.isEmpty { lines += [""] + Self.lines(of: drafts, width: width) }
    return lines
  }

  /// Drafts as a table, and below it why some were not taken.
  static func lines(of drafts: [Draft], width: Int?) -> [String] {
    var table = Table(.text("DRAFT"), .text("MADE"), .text("STATE"), .number("DOCUMENTS"), .text("REASON"))
    for draft in drafts {
      table.append(
        draft.draft, Position.day(draft.time), draft.outcome, Quantity.grouped(draft.paths.count),
        draft.reason.firstLine)
    }
    var lines = table.lines(width: width)
    for draft in drafts {
      if let refusal = draft.refusal { lines.append("\(draft.draft): \(refusal.escapedForTerminal)") }
    }
    return lines
  }

  /// Whether something needs a person.
  var outcome: Outcome {
    if splitViews > 0 { return .unverified }
    return conflicts > 0 || drafts.contains(where: \.needsAuthor) || (isPublisher && proposals > 0)
      || redactionsToConfirm > 0
      ? .needsYou : .done
  }

  private var who: String {
    let title = name.escapedForTerminal
    return isPublisher
      ? "\(title): the publisher's copy of \(library)." : "\(title): a replica of \(library)."
  }

  private var collections: String {
    guard let parsed = try? Subscription(parsing: subscription), case .only(let names) = parsed,
      !names.isEmpty
    else {
      return subscription.isEmpty ? "the schemas and settings" : subscription.escapedForTerminal
    }
    return names.sorted().map { $0.text.escapedForTerminal }.joined(separator: ", ")
  }
}

extension StatusReport.Draft {
  /// Whether its author must do something about it.
  var needsAuthor: Bool { outcome == "refused" || outcome == "declined" }
}
