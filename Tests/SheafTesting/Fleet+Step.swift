import Foundation
import SheafModel
import SheafStore
import SheafSync
import Synchronization

extension Fleet {
  /// Does one thing that somebody might do, and survives what may go wrong with it.
  ///
  /// - Throws: Whatever must not happen.
  public func step() async throws {
    let index = Int.random(in: 0..<members.count, using: &random)
    let member = members[index]
    let dies = Int.random(in: 0..<6, using: &random) == 0
    if dies { member.world.crash(afterSteps: Int.random(in: 0..<4, using: &random)) }
    // The publisher works while a replica talks to it, and may die of that.
    if index > 0, Int.random(in: 0..<12, using: &random) == 0 {
      members[0].world.crash(afterSteps: Int.random(in: 0..<4, using: &random))
    }
    let number = trail.count
    trail.append("\(number) \(member.name): ")
    do {
      let what = try await act(as: index)
      trail[number] += what
    } catch let crash as TestWorld.Crash {
      trail[number] += " crashed at \(crash.step.rawValue)"
    } catch let error as any SheafFailure where isExpected(error) {
      trail[number] += " refused: \(error.problem)"
    } catch {
      trail[number] += " failed: \(error)"
      throw error
    }
    for member in members { try await revive(member) }
  }

  /// Whoever died is opened again; the others go on.
  private func revive(_ member: Member) async throws {
    let wasArmed = member.world.isArmed
    member.world.crash(afterSteps: nil)
    guard member.world.takeHasCrashed() || wasArmed && Int.random(in: 0..<4, using: &random) == 0 else {
      return
    }
    try await member.library.close()
    member.library = try await Library.open(at: member.folder, environment: member.world.environment)
  }

  /// What the world or a person's wish can meet, and a copy survives unchanged.
  private func isExpected(_ error: any SheafFailure) -> Bool {
    switch error {
    case is RemoteError: true
    case is AuthorityError, is LineageError: isClosed
    case let error as LibraryError:
      switch error {
      case .nothingChanged, .noDocument, .noConflict, .draftInTheWay, .notHeld, .notSubscribed,
        .changedMeanwhile, .nothingProposed, .severalProposals, .mayNotDecide, .takenBack:
        true
      case .conflictInTheWay, .needsDepth: isClosed
      case .noMember, .ownKey, .draftState: rule == .members
      default: false
      }
    default: false
    }
  }

  private func act(as index: Int) async throws -> String {
    if rule == .members, Int.random(in: 0..<8, using: &random) == 0 {
      return try await changeMember(as: index)
    }
    if isClosed, Int.random(in: 0..<6, using: &random) == 0 { return try await sign(as: index) }
    return switch Int.random(in: 0..<24, using: &random) {
    case 20..<23: try await decide(as: index)
    case 23: try await changeSettings()
    case 0..<7: try await edit(as: index)
    case 7: try await remove(as: index)
    case 8: try await move(as: index)
    case 9..<11: try await resolve(as: index)
    case 11..<17: try await sync(as: index)
    default: try await meetStick(as: index)
    }
  }

  // MARK: edits

  private func drawnPath() -> DocumentPath {
    // Few documents and one that everybody likes, so that edits meet.
    let all = Fleet.texts + Fleet.records + Fleet.images + Array(repeating: Fleet.texts[0], count: 5)
    return all.randomElement(using: &random) ?? Fleet.texts[0]
  }

  private func edit(as index: Int) async throws -> String {
    let path = drawnPath()
    let library = members[index].library
    let content: [UInt8]
    do {
      let shown = try await library.content(of: path, at: .now)
      content = changed(shown.bytes, of: path)
    } catch LibraryError.noDocument {
      content = newContent(of: path)
    }
    trail[trail.count - 1] += "put \(path)"
    let report = try await library.put(content, at: path, reason: "Edit")
    acknowledge(report, content: SHA256Hash(hashing: content), index: index)
    return ""
  }

  private func remove(as index: Int) async throws -> String {
    let path = drawnPath()
    trail[trail.count - 1] += "remove \(path)"
    acknowledge(try await members[index].library.remove(path, reason: "Remove"), content: nil, index: index)
    return ""
  }

  /// Renames a file in a folder and publishes that, as a person does.
  private func move(as index: Int) async throws -> String {
    let library = members[index].library
    let documents = try await library.documents(in: nil)
    guard let chosen = documents.randomElement(using: &random) else { return "nothing to move" }
    let old = try DocumentPath(chosen.path)
    let new = try DocumentPath(
      "\(old.collection)/moved-\(Int.random(in: 0..<3, using: &random)).\(old.name.suffix(4))")
    trail[trail.count - 1] += "move \(old) to \(new)"
    guard old != new, !documents.contains(where: { $0.path == new.text }) else { return " (taken)" }
    let source = members[index].folder.deletingLastPathComponent().appending(path: "move-\(trail.count)")
    defer { try? FileManager.default.removeItem(at: source) }
    for document in documents {
      let path = try DocumentPath(document.path)
      let file = source.appending(path: path == old ? new.text : path.text)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(try await library.content(of: path, at: .now).bytes).write(to: file)
    }
    let report = try await library.publish(
      folder: source, reason: "Move", options: PublishOptions(prunes: true))
    acknowledge(
      DraftReport(changeSet: report.changeSet, draft: report.draft, paths: []), content: nil, index: index)
    return ""
  }

  private func resolve(as index: Int) async throws -> String {
    let library = members[index].library
    guard let conflict = try await library.conflicts().randomElement(using: &random) else {
      return try await edit(as: index)
    }
    let path = try DocumentPath(conflict.path)
    let resolution: Resolution =
      switch Int.random(in: 0..<6, using: &random) {
      case 4:
        .parts(
          conflict.parts.map { _ in [.ours, .theirs, .proposed].randomElement(using: &random) ?? .ours })
      case 5: .proposed
      case 0: .ours
      case 1: .theirs
      case 2: .content(newContent(of: path))
      default: .deletion
      }
    trail[trail.count - 1] += "resolve \(path)"
    acknowledge(
      try await library.resolve(path, with: resolution, reason: "Settle"), content: nil, index: index)
    return ""
  }

  private func sign(as index: Int) async throws -> String {
    let path = drawnPath()
    let meaning = SignatureMeaning.allCases.randomElement(using: &random) ?? .approved
    trail[trail.count - 1] += "sign \(path) as \(meaning.rawValue)"
    let report = try await members[index].library.sign(path, as: meaning, remark: "Sign")
    acknowledge(
      DraftReport(changeSet: report.changeSet, draft: report.draft, paths: []), content: nil, index: index)
    return ""
  }

  /// Puts another key in the place of the own one, changes what somebody may do, or shuts somebody out.
  private func changeMember(as index: Int) async throws -> String {
    let library = members[index].library
    guard Int.random(in: 0..<3, using: &random) > 0 else {
      trail[trail.count - 1] += "rotate"
      acknowledge(try await library.rotate(reason: "New key"), content: nil, index: index)
      return ""
    }
    let who = members[Int.random(in: 1..<members.count, using: &random)].name
    guard Int.random(in: 0..<6, using: &random) > 0 else {
      trail[trail.count - 1] += "revoke \(who)"
      acknowledge(try await library.revoke(who, reason: "Left"), content: nil, index: index)
      return ""
    }
    let role = MemberRole.allCases.filter { $0 != .publisher }.randomElement(using: &random) ?? .reader
    trail[trail.count - 1] += "make \(who) \(role.rawValue)"
    acknowledge(
      try await library.alter(who, Library.MemberAlteration(role: role), reason: "Role"), content: nil,
      index: index)
    return ""
  }

  /// Accepts or declines something that waits, as the publisher or as somebody who may not.
  private func decide(as index: Int) async throws -> String {
    let index = Int.random(in: 0..<4, using: &random) > 0 ? 0 : index
    let library = members[index].library
    guard let proposal = try await library.proposals(changes: false).randomElement(using: &random) else {
      return try await edit(as: index)
    }
    let path = try DocumentPath(proposal.path)
    let name = proposal.revision.flatMap { RevisionName(parsing: $0) }
    let accepts = Bool.random(using: &random)
    trail[trail.count - 1] +=
      "(\(members[index].name)) \(accepts ? "accept" : "decline") \(path) \(proposal.kind)"
    let report =
      accepts
      ? try await library.accept(path, name, reason: "Accept")
      : try await library.decline(path, name, reason: "Decline")
    acknowledge(report, content: nil, index: index)
    return ""
  }

  private func changeSettings() async throws -> String {
    guard let path = Fleet.settings else { return "no settings" }
    let settings = drawnSettings()
    trail[trail.count - 1] += "(publisher) settings \(String(decoding: settings, as: UTF8.self))"
    acknowledge(try await publisher.put(settings, at: path, reason: "Rules"), content: nil, index: 0)
    return ""
  }

  private func acknowledge(_ report: DraftReport, content: SHA256Hash?, index: Int) {
    guard report.changeSet != nil || report.draft != nil else { return }
    acknowledged.append(
      Acknowledged(
        member: index, changeSet: report.changeSet, draft: report.draft, content: content,
        what: trail.last ?? ""))
  }

  // MARK: meetings

  private func sync(as index: Int) async throws -> String {
    guard index > 0 else { return try await edit(as: index) }
    var options = SyncOptions()
    if Int.random(in: 0..<10, using: &random) == 0 {
      options.depth = Depth.allCases.randomElement(using: &random)
      options.subscription = drawnSubscription()
    }
    let words = options.depth.map { " for \($0.rawValue) of \(options.subscription?.text ?? "")" } ?? ""
    trail[trail.count - 1] += "sync\(words)"
    let faults = drawnFaults()
    let remote = MemoryRemote(service: publisher) { _ in faults.next() }
    let report = try await members[index].library.sync(with: remote, options: options)
    return ", now at \(report.size)"
  }

  private func drawnFaults() -> FaultQueue {
    guard Int.random(in: 0..<3, using: &random) == 0 else { return FaultQueue([]) }
    return FaultQueue(
      (0..<4).map { _ in
        switch Int.random(in: 0..<8, using: &random) {
        case 0: .lostRequest
        case 1: .lostReply
        case 2: .duplicate
        case 3: .cut(afterBytes: UInt64.random(in: 0..<2000, using: &random))
        default: nil
        }
      })
  }

  private func meetStick(as index: Int) async throws -> String {
    let remote = FolderRemote(folder: stick)
    if Int.random(in: 0..<6, using: &random) == 0 { try damageStick() }
    trail[trail.count - 1] += "meet the stick"
    if index == 0 {
      let report = try await publisher.exchange(with: remote)
      return ", \(report.pushed.count) drafts taken, \(report.bundlesWritten) bundles left"
        + report.problems.map { ", \($0)" }.joined()
    }
    let report = try await members[index].library.sync(with: remote)
    return ", \(report.deposited) drafts deposited, now at \(report.size)"
  }

  /// Loses a file of the stick, or cuts one short.
  private func damageStick() throws {
    let manager = FileManager.default
    let files = (manager.enumerator(atPath: stick.path)?.compactMap { $0 as? String } ?? []).sorted()
      .map { stick.appending(path: $0) }.filter { !$0.hasDirectoryPath && isFile($0) }
    guard let file = files.randomElement(using: &random) else { return }
    trail[trail.count - 1] += "(damage \(file.lastPathComponent)) "
    if Bool.random(using: &random) {
      try manager.removeItem(at: file)
    } else {
      let data = try Data(contentsOf: file)
      try data.prefix(data.count / 2).write(to: file)
    }
  }

  private func isFile(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && !isFolder.boolValue
  }
}

/// The faults of one meeting's requests, in their order.
final class FaultQueue: Sendable {
  private let faults: Mutex<[MemoryRemote.Fault?]>

  init(_ faults: [MemoryRemote.Fault?]) { self.faults = Mutex(faults) }

  func next() -> MemoryRemote.Fault? { faults.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
