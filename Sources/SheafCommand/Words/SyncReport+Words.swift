import SheafSync

extension SyncReport {
  /// What was exchanged and where the copy stands, one sentence a line.
  ///
  /// - Parameter source: The remote, in short.
  func lines(from source: String, in elapsed: Elapsed) -> [String] {
    isPublisher ? publisherLines(source) : replicaLines(source, elapsed)
  }

  /// Whether something needs a person.
  var outcome: Outcome {
    if splitViews > 0 { return .unverified }
    if !conflicts.isEmpty || refused > 0 || decisions.contains(where: { $0.outcome == "declined" }) {
      return .needsYou
    }
    // What a publisher could not use of a folder comes again only if somebody sees to it.
    return isPublisher ? (problems.isEmpty ? .done : .needsYou) : isSameAsPublisher ? .done : .needsYou
  }

  /// What to run next, where something needs a person.
  var hint: String? {
    if !conflicts.isEmpty { return "run `sheaf conflicts` to choose" }
    if refused > 0 || decisions.contains(where: { $0.outcome == "declined" }) {
      return isPublisher ? "run `sheaf quarantine` to read why" : "run `sheaf drafts` to read why"
    }
    return nil
  }

  private var taken: Int { pushed.count { $0.changeSet != nil } }

  private func replicaLines(_ source: String, _ elapsed: Elapsed) -> [String] {
    var lines: [String] = []
    if !pushed.isEmpty {
      let declined = pushed.count - taken
      // A folder answers drafts that were left there by an earlier sync.
      let deed =
        sentInBytes > 0
        ? "Pushed \(Quantity(pushed.count, "draft")), \(ByteCount(sentInBytes))"
        : "\(Quantity(pushed.count, "draft")) answered"
      var line = "\(deed): \(taken) taken"
      if declined > 0 { line += ", \(declined) not taken" }
      lines.append(line + ".")
      for answer in pushed {
        if let refusal = answer.refusal { lines.append("Not taken: \(refusal.escapedForTerminal)") }
      }
    }
    if deposited > 0 {
      lines.append("Left \(Quantity(deposited, "draft")) in \(source); the answer comes with a later sync.")
    }
    if awaitsMembership {
      lines.append("The request to become a member lies in \(source); the answer comes with a later sync.")
    }
    if let pulled {
      lines.append(pulled.sentence(from: source, in: elapsed))
    } else if lines.isEmpty {
      lines.append("Nothing new.")
    }
    let position = "At \(Position.words(size, newestChange: newestChange))"
    lines.append(
      isSameAsPublisher
        ? "\(position), same as the publisher's."
        : "\(position); not known to be the same as the publisher's.")
    // A sync that ends fresh says nothing about it; the exception is worth a line.
    if let freshness, freshness.isWorthTelling {
      lines.append(freshness.sentence)
    }
    if splitViews > 0 { lines.append(Freshness.splitViews(splitViews)) }
    if isNewMember {
      lines.append("This copy is a member's now; `sheaf status` says whose, and in which role.")
    }
    if drafts > 0 { lines.append("\(Quantity(drafts, "draft")) \(drafts == 1 ? "waits" : "wait").") }
    for decision in decisions {
      let by = decision.by.isEmpty ? "" : " by \(decision.by.escapedForTerminal)"
      let reason = decision.reason.isEmpty ? "" : ": \(decision.reason.firstLine.escapedForTerminal)"
      let paths = decision.paths.map(\.escapedForTerminal).joined(separator: ", ")
      let end = decision.outcome == "decided" ? "; this copy keeps too little to say how" : "\(by)\(reason)"
      lines.append("Your proposal for \(paths) was \(decision.outcome)\(end)")
    }
    if refused > 0 { lines.append("\(Quantity(refused, "draft")) refused by the publisher.") }
    if !conflicts.isEmpty {
      lines.append("\(Quantity(conflicts.count, "document")) changed on both sides.")
    }
    return lines
  }

  private func publisherLines(_ source: String) -> [String] {
    var lines: [String] = []
    for member in enrolled {
      lines.append(
        "\(member.name.escapedForTerminal) (\(member.member)) is a member now: \(member.role), by change set \(member.changeSet)."
      )
    }
    if pushed.isEmpty {
      lines.append("No drafts in \(source).")
    } else {
      let declined = pushed.count - taken
      lines.append(
        "Took \(Quantity(taken, "draft")) from \(source)" + (declined > 0 ? ", \(declined) not taken." : "."))
    }
    lines.append(
      bundlesWritten > 0
        ? "Left \(Quantity(bundlesWritten, "bundle")) in \(source)."
        : problems.isEmpty ? "\(source) holds all that is published." : "Left nothing new in \(source).")
    lines.append("At \(Position.words(size, newestChange: newestChange)).")
    if splitViews > 0 { lines.append(Freshness.splitViews(splitViews)) }
    if !conflicts.isEmpty { lines.append("\(Quantity(conflicts.count, "document")) changed on both sides.") }
    return lines
  }
}

extension SyncPlan {
  /// What a sync would cost, one sentence a line.
  func lines(from source: String) -> [String] {
    var lines: [String] = []
    if drafts > 0 { lines.append("Would push \(Quantity(drafts, "draft")), \(ByteCount(uploadInBytes)).") }
    if from == to, downloadInBytes == 0 {
      lines.append("Nothing to pull: at checkpoint \(from), like \(source).")
    } else {
      lines.append(
        "Would pull from checkpoint \(from) to \(to): \(Quantity(revisions, "revision")), \(ByteCount(downloadInBytes)) to receive, \(ByteCount(unpackedInBytes)) unpacked."
      )
      lines.append(
        "Needs at most \(ByteCount(diskInBytes)) of disk"
          + (freeInBytes.map {
            "; \(ByteCount($0)) \($0 < diskInBytes ? "are free, which is too little" : "are free")."
          }
            ?? "."))
    }
    return lines
  }
}
