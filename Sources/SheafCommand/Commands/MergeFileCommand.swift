import ArgumentParser
import Foundation
import SheafMerge
import SheafModel

/// `sheaf merge-file`: the merge alone, over three files, for git and other tools.
struct MergeFileCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "merge-file",
    abstract: "Merge two edits of a file, without a library.",
    discussion: """
      BASE is the file before both edits; OURS and THEIRS are the edits. The result goes to the file of \
      -o, or to the standard output. On a conflict it has conflict markers around just the parts that \
      clash. A merge that wants a person's eye counts as a conflict, or is taken with --proposed clean.

      A schema says how fields merge. A table (.csv) merges by rows where it names the column that tells \
      rows apart, such as {"x-merge": {"list-by": "/id"}, "items": {"required": ["id"]}}; without one it \
      merges by lines.

      EXAMPLE
        $ sheaf merge-file old.md mine.md yours.md -o merged.md
        $ git config merge.sheaf.driver "sheaf merge-file %O %A %B -o %A --path %P -L %X -L %S -L %Y"

      EXIT CODES
        0    merged, nothing to ask
        1    merged but for the parts between conflict markers
        2    trouble; OUT is as it was, and so is all that follows in a batch
        64   wrong usage
      """)

  /// What becomes of a merge that wants a person's eye.
  enum Proposals: String, ExpressibleByArgument, CaseIterable {
    case clean
    case conflict
  }

  @Argument(help: "The file before both edits; an empty one when there was none.", completion: .file())
  var base: String?

  @Argument(help: "One edit.", completion: .file())
  var ours: String?

  @Argument(help: "The other edit.", completion: .file())
  var theirs: String?

  @Option(
    name: .customShort("o"),
    help: ArgumentHelp("Where the result goes; may be one of the three.", valueName: "out"),
    completion: .file())
  var output: String?

  @Option(
    help: ArgumentHelp("A JSON Schema whose rules merge the fields.", valueName: "schema"),
    completion: .file())
  var schema: String?

  @Option(help: ArgumentHelp("The name that tells what kind of file it is; else OURS.", valueName: "name"))
  var path: String?

  @Option(
    name: .customShort("L"),
    help: ArgumentHelp(
      "A label for the markers: of OURS, then of BASE, then of THEIRS; else the files' names, or with --path just these words.",
      valueName: "label"))
  var labels: [String] = []

  @Option(help: "Take what is proposed, or mark it as a conflict.")
  var proposed = Proposals.conflict

  @Option(
    help: ArgumentHelp(
      "Merge many: each line of this file has BASE, OURS, THEIRS, OUT and a name, with tabs between.",
      valueName: "file"), completion: .file())
  var batch: String?

  @OptionGroup var report: OutputOptions

  func validate() throws {
    let files = [base, ours, theirs]
    guard labels.count <= 3 else {
      throw ValidationError("There are three labels: of OURS, BASE and THEIRS.")
    }
    if batch == nil, files.contains(nil) { throw ValidationError("Name the files: BASE OURS THEIRS.") }
    if batch != nil, files.contains(where: { $0 != nil }) || output != nil || path != nil || !labels.isEmpty {
      throw ValidationError("With --batch the files are named in its file.")
    }
  }

  func perform(in session: Session) async throws -> Outcome {
    do {
      let policy = try policy(in: session)
      guard let batch else {
        guard let base, let ours, let theirs else { return .trouble }
        return try merge(
          .init(base: base, ours: ours, theirs: theirs, out: output, name: path), policy, session)
      }
      var outcome = Outcome.done
      for (index, job) in try MergeJob.read(batch, in: session).enumerated() {
        do {
          if try merge(job, policy, session) != .done { outcome = .failed }
        } catch {
          session.console.fail(FailureText(error))
          if index > 0 {
            session.console.hint("what is before line \(index + 1) of \(batch) is written")
          }
          return .trouble
        }
      }
      return outcome
    } catch {
      // git takes 1 for a conflict; whatever else goes wrong must not look like one.
      session.console.fail(FailureText(error))
      return .trouble
    }
  }

  private func policy(in session: Session) throws -> MergePolicy {
    guard let schema else { return MergePolicy() }
    let bytes = try ContentFile.read(schema, in: session)
    return MergePolicy(
      schema: try JSONSchema(parsing: try JSONReader.read(bytes)), schemaDigest: SHA256Hash(hashing: bytes))
  }

  private func merge(_ job: MergeJob, _ policy: MergePolicy, _ session: Session) throws -> Outcome {
    let base = try ContentFile.read(job.base, in: session)
    let ours = try ContentFile.read(job.ours, in: session)
    let theirs = try ContentFile.read(job.theirs, in: session)
    let name = job.name ?? job.ours
    // What one side says is no text is none for both.
    let types = (MediaType.of(path: name, content: ours), MediaType.of(path: name, content: theirs))
    let outcome = SheafMerge.merge(
      MergeInput(base: base, ours: ours, theirs: theirs),
      mediaType: types.0 == types.1 ? types.0 : .octetStream, policy: policy)
    let written: [UInt8]
    let isClean: Bool
    switch outcome {
    case .clean(let merged):
      (written, isClean) = (merged.bytes ?? [], true)
    case .proposed(let merged, _) where proposed == .clean:
      (written, isClean) = (merged.bytes ?? [], true)
    case .proposed(_, let parts), .conflict(let parts):
      // Bytes that are no text have no lines to mark: ours stays, as with git.
      let isText = types.0.isText && types.1.isText
      let labels = MergedParts.Labels(
        base: label(ofSide: 1, of: job, job.base, "base"), ours: label(ofSide: 0, of: job, job.ours, "ours"),
        theirs: label(ofSide: 2, of: job, job.theirs, "theirs"))
      written = isText ? parts.conflictMarkers(labels, takingProposals: proposed == .clean) : ours
      isClean = false
    }
    if let out = job.out {
      do { try OutputFile.replace(session.url(out), with: written) } catch {
        throw MergeFileError.unwritable(out)
      }
    }
    // Told only once it is done.
    let open = outcome.parts.count { $0.isProposed }
    if !isClean, open > 0, proposed == .conflict {
      let those = open == outcome.parts.count ? "" : " of \(outcome.parts.count)"
      session.console.hint(
        "\(name): \(open)\(those) between markers \(open == 1 ? "has" : "have") a proposal; `--proposed clean` takes it"
      )
    }
    if report.json {
      try session.console.printJSON(MergeReport(outcome, name: name, isClean: isClean))
    } else if job.out == nil {
      session.console.write(written)
    }
    return isClean ? .done : .failed
  }
}

extension MergeFileCommand {
  /// What a marker says of a side: its label, else the file's name, which is a passing one where git has named the
  /// document itself.
  fileprivate func label(ofSide index: Int, of job: MergeJob, _ file: String, _ side: String) -> String {
    // A git that does not know a placeholder yet hands it over as it is written.
    if labels.indices.contains(index), !labels[index].isEmpty, !["%X", "%S", "%Y"].contains(labels[index]) {
      return labels[index].firstLine
    }
    return job.name == nil ? file : side
  }
}

/// One merge of files.
struct MergeJob {
  var base: String
  var ours: String
  var theirs: String
  var out: String?
  var name: String?

  /// The merges that a batch's file lists.
  static func read(_ path: String, in session: Session) throws -> [MergeJob] {
    let text = String(decoding: try ContentFile.read(path, in: session), as: UTF8.self)
    return try text.split(separator: "\n").enumerated().map { index, line in
      let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      guard words.count == 4 || words.count == 5 else { throw MergeFileError.batchLine(path, index + 1) }
      return MergeJob(
        base: words[0], ours: words[1], theirs: words[2], out: words[3],
        name: words.count > 4 ? words[4] : nil)
    }
  }
}

/// Why files can't be merged.
enum MergeFileError: SheafFailure, Equatable {
  case unwritable(String)
  case batchLine(String, Int)

  var problem: String {
    switch self {
    case .unwritable(let file): "\(file) can't be written"
    case .batchLine(let file, let line): "line \(line) of \(file) does not have four or five fields"
    }
  }
  var unchanged: String {
    switch self {
    case .unwritable(let file): "\(file) is as it was"
    case .batchLine: "nothing was written"
    }
  }
  var hint: String? { "Check the folder and its rights, then try again." }
}

/// How one merge of files ended, as `--json` tells it; see `Schemas/output.md`.
struct MergeReport: Codable, Hashable {
  /// A part that a person is asked about.
  struct Part: Codable, Hashable {
    var place: String
    var reason: String
    var severity: String
    var base: String?
    var ours: String?
    var theirs: String?
    var proposed: String?
  }

  /// An edit that the merge set aside.
  struct Aside: Codable, Hashable {
    var place: String
    var strategy: String
    var loser: String
    var kept: String?
    var other: String?
  }

  var path: String
  var outcome: String
  var isClean: Bool
  var rule: String?
  var parts: [Part]
  var setAside: [Aside]

  init(_ outcome: MergeOutcome, name: String, isClean: Bool) {
    func text(_ bytes: [UInt8]?) -> String? { bytes.map { String(decoding: $0, as: UTF8.self) } }
    path = name
    self.isClean = isClean
    let aside: [SetAside]
    switch outcome {
    case .clean(let merged): (self.outcome, rule, aside) = ("clean", merged.rule.rawValue, merged.setAside)
    case .proposed(let merged, _):
      (self.outcome, rule, aside) = ("proposed", merged.rule.rawValue, merged.setAside)
    case .conflict(let parts): (self.outcome, rule, aside) = ("conflict", nil, parts.setAside)
    }
    parts = outcome.parts.map { part in
      Part(
        place: part.place.words, reason: part.reason, severity: part.isProposed ? "look" : "blocked",
        base: text(part.base), ours: text(part.ours), theirs: text(part.theirs),
        proposed: part.isProposed ? text(part.content(.proposed)) : nil)
    }
    setAside = aside.map {
      Aside(
        place: $0.place.words, strategy: $0.strategy, loser: $0.loser.rawValue, kept: text($0.kept),
        other: text($0.other))
    }
  }
}

extension ConflictPart.Place {
  /// The place as people read it: `document`, a JSON pointer, an item's list and key, or lines of ours from 1.
  fileprivate var words: String {
    switch self {
    case .document: "document"
    case .field(let pointer): pointer.description
    case .item(let list, let key):
      "\(list) \(String(decoding: JSONWriter.bytes(key, .compact), as: UTF8.self))"
    case .lines(_, let ours, _), .block(_, _, let ours, _):
      ours.count <= 1 ? "line \(ours.lowerBound + 1)" : "lines \(ours.lowerBound + 1)-\(ours.upperBound)"
    }
  }
}
