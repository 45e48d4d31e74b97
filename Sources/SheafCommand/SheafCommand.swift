import ArgumentParser

@main
struct SheafCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "sheaf")
}
