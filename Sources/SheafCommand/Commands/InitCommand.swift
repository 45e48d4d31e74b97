import ArgumentParser
import Foundation
import SheafModel
import SheafSync

/// `sheaf init`: starts a library.
struct InitCommand: Verb {
  static let configuration = CommandConfiguration(
    commandName: "init",
    abstract: "Start a library as its publisher.",
    discussion: Help.text(
      """
      Makes a folder with the library's file and its keys. Whoever holds the keys is the publisher: \
      keep a copy of them in a safe place. You are its first member; `sheaf invite` brings in others. With \
      --open it has no members, and everybody contributes.
      """,
      examples: ["sheaf init library --name \"Clinic handbook\"", "sheaf init demo --sample"]))

  @Argument(help: "The folder, empty or not there yet.", completion: .directory)
  var dir: String

  @Option(
    help: """
      The library's name for people; else the folder's. Other copies learn it from "name" in \
      sheaf/settings.json.
      """)
  var name: String?

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("The name that changes made here go under.", valueName: "name"))
  var member: String?

  @Option(help: "Where you work.")
  var site: String?

  @Flag(help: "Start a library without members, to which everybody contributes.")
  var open = false

  @Flag(help: "Publish the sample library into it: articles and trial records about stem cells in ALS.")
  var sample = false

  @Flag(help: "Seal this copy's key with a passphrase, which is asked for.")
  var passphrase = false

  @OptionGroup var output: OutputOptions

  func validate() throws {
    if open, site != nil { throw ValidationError("--site is for members, and --open is for none.") }
    if let name, name.trimmingWhiteSpace.isEmpty { throw ValidationError("The library's name is empty.") }
  }

  private func name(of folder: URL) throws -> String {
    if let name { return name.trimmingWhiteSpace }
    if sample { return SampleLibrary.name }
    let name = folder.lastPathComponent.trimmingWhiteSpace
    guard !name.isEmpty, name != "/" else {
      throw UsageError("this folder has no name", hint: "Name the library with --name NAME.")
    }
    return name
  }

  func perform(in session: Session) async throws -> Outcome {
    let console = session.console
    let folder = session.url(dir)
    var sampleFolder: URL?
    if sample {
      // Found before anything is made, so that a broken installation leaves no empty library.
      guard let found = SampleLibrary.folder else { throw SampleLibrary.Missing() }
      sampleFolder = found
    }
    let secret = passphrase ? try Passphrase.new(in: session) : nil
    let founder = member?.trimmingWhiteSpace ?? session.userName
    let library = try await Library.create(
      at: folder, name: name(of: folder), member: founder,
      founding: open
        ? nil : MemberTemplate(name: founder, role: .publisher, site: site?.trimmingWhiteSpace),
      environment: .system)
    return try await session.using(library) { library in
      if let secret { try await library.setPassphrase { secret } }
      var published: PublishReport?
      if let sampleFolder {
        published = try await session.showingProgress { progress in
          try await library.publish(
            folder: sampleFolder, reason: "Start with the sample library",
            options: PublishOptions(isDryRun: false, prunes: false), activity: progress)
        }
      }
      if output.json {
        try console.printJSON(try await library.status())
        if let published { try console.printJSON(published) }
        return .done
      }
      console.print("Started \(library.id) in \(dir.escapedForTerminal).")
      if let published { console.print(published.sentence(isDryRun: false)) }
      console.hint(
        "keep a copy of \(dir)/keys/*.key in a safe place: without the keys nothing more can be published. Leave out the file \"signed\" beside them: an old one must never be put back"
      )
      return .done
    }
  }
}

/// The library that comes with the command.
enum SampleLibrary {
  /// Its name, as its settings say.
  static let name = "Stem cells in ALS research"

  /// Its folder; `nil` when the command was installed without it.
  static var folder: URL? {
    // `Bundle.module` ends the process when its folder is missing, so it is looked for first.
    let name = "sheaf_SheafCommand.resources"
    let places = [Bundle.main.bundleURL, Bundle.main.resourceURL].compactMap { $0 }
    guard places.contains(where: { isFolder($0.appending(path: name)) }) else { return nil }
    return Bundle.module.url(forResource: "SampleLibrary", withExtension: nil)
  }

  private static func isFolder(_ url: URL) -> Bool {
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// The sample is not where the command looks for it.
  struct Missing: SheafFailure {
    var problem: String { "the sample library is not installed beside this command" }
    var hint: String? {
      "Install the folder sheaf_SheafCommand.resources beside it, or use --name without --sample."
    }
  }
}
