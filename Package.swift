// swift-tools-version: 6.1
import PackageDescription

// The models of the coder take eighty times as long unoptimized, too long for tests. Only here:
// a package that depends on this one is refused if it finds such flags.
let modelSettings: [SwiftSetting] =
  Context.packageDirectory.contains("/checkouts/")
  ? []
  : [.unsafeFlags(["-O", "-wmo", "-num-threads", "2", "-disable-batch-mode"], .when(configuration: .debug))]

// The ladder of modules: a target may depend only on targets above it in this
// list. `Tests/LadderTests` reads the imports and fails when one points up.
let package = Package(
  name: "sheaf",
  platforms: [.macOS(.v15), .iOS(.v18)],
  products: [
    .library(name: "Sheaf", targets: ["Sheaf"]),
    .executable(name: "sheaf", targets: ["SheafCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CMalloc"),
    .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),

    .target(
      name: "SheafModel",
      dependencies: [.product(name: "Crypto", package: "swift-crypto")]),

    .target(
      name: "SheafLog",
      dependencies: ["SheafModel", .product(name: "Crypto", package: "swift-crypto")]),
    .target(name: "SheafDelta", dependencies: ["SheafModel"], swiftSettings: modelSettings),
    .target(
      name: "SheafMerge",
      dependencies: ["SheafModel", .product(name: "Yams", package: "Yams")]),

    .target(name: "SheafCompression", dependencies: ["CZlib"]),

    .target(
      name: "SheafBundle",
      dependencies: ["SheafModel", "SheafLog", "SheafDelta", "SheafCompression"]),
    .target(
      name: "SheafStore",
      dependencies: [
        "SheafModel", "SheafLog", "SheafDelta", "SheafMerge", "SheafCompression", "CSQLite",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]),

    .target(
      name: "SheafSync",
      dependencies: [
        "SheafModel", "SheafLog", "SheafDelta", "SheafMerge", "SheafBundle", "SheafStore", "CMalloc",
        .product(name: "Crypto", package: "swift-crypto"),
        .product(name: "CryptoExtras", package: "swift-crypto"),
      ]),

    .target(
      name: "SheafHTTP",
      dependencies: [
        "SheafModel", "SheafLog", "SheafBundle", "SheafSync",
        .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    .target(
      name: "SheafServer",
      dependencies: [
        "SheafModel", "SheafLog", "SheafBundle", "SheafSync", "SheafHTTP",
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "HummingbirdHTTP2", package: "hummingbird"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
      ]),

    .target(
      name: "Sheaf",
      dependencies: ["SheafModel", "SheafLog", "SheafMerge", "SheafSync", "SheafHTTP"]),

    .executableTarget(
      name: "SheafCommand",
      dependencies: [
        "SheafModel", "SheafLog", "SheafMerge", "SheafBundle", "SheafStore", "SheafSync",
        "SheafHTTP", "SheafServer",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      resources: [.copy("SampleLibrary")]),
    // What tests share: seeded randomness, temporary folders, vectors.
    .target(
      name: "SheafTesting", dependencies: ["SheafModel", "SheafLog", "SheafStore", "SheafSync"],
      path: "Tests/SheafTesting", exclude: ["Foreign"]),
    .testTarget(
      name: "SheafModelTests", dependencies: ["SheafTesting", "SheafModel"], exclude: ["Fixtures"]),
    .testTarget(name: "SheafLogTests", dependencies: ["SheafTesting", "SheafModel", "SheafLog"]),
    .testTarget(name: "SheafDeltaTests", dependencies: ["SheafTesting", "SheafModel", "SheafDelta"]),
    .testTarget(name: "SheafCompressionTests", dependencies: ["SheafTesting", "SheafCompression"]),
    .testTarget(
      name: "SheafMergeTests", dependencies: ["SheafTesting", "SheafModel", "SheafMerge"],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "SheafBundleTests",
      dependencies: [
        "SheafTesting", "SheafModel", "SheafLog", "SheafDelta", "SheafCompression", "SheafBundle",
      ]),
    .testTarget(
      name: "SheafStoreTests",
      dependencies: [
        "SheafTesting", "SheafModel", "SheafLog", "SheafStore",
      ]),
    .testTarget(
      name: "SheafSyncTests",
      dependencies: [
        "SheafTesting", "CSQLite", "SheafModel", "SheafLog", "SheafMerge", "SheafBundle", "SheafStore",
        "SheafSync",
      ]),
    .testTarget(
      name: "SheafHTTPTests",
      dependencies: [
        "SheafTesting", "SheafModel", "SheafLog", "SheafBundle", "SheafStore", "SheafSync", "SheafHTTP",
        "SheafServer", .product(name: "AsyncHTTPClient", package: "async-http-client"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ],
      exclude: ["Fixtures"]),
    .testTarget(
      name: "SheafCommandTests",
      dependencies: [
        "SheafTesting", "Sheaf", "SheafModel", "SheafMerge", "SheafSync", "SheafCommand",
      ]),
    .testTarget(name: "LadderTests", dependencies: ["SheafTesting"]),
  ],
  swiftLanguageModes: [.v6]
)
