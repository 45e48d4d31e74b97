/// A size in bytes as people read it: 812 B, 38.2 kB, 1.4 GB, in powers of a thousand.
struct ByteCount: CustomStringConvertible {
  let sizeInBytes: UInt64

  init(_ sizeInBytes: UInt64) { self.sizeInBytes = sizeInBytes }

  var description: String {
    guard sizeInBytes >= 1000 else { return "\(sizeInBytes) B" }
    var unit: UInt64 = 1000
    var names = ["kB", "MB", "GB", "TB", "PB", "EB"][...]
    // 999,950 B is rounded to 1.0 MB, never shown as 1000.0 kB.
    while names.count > 1, sizeInBytes >= unit * 1000 - unit / 20 {
      unit *= 1000
      names = names.dropFirst()
    }
    var tenths = sizeInBytes / unit * 10 + sizeInBytes % unit / (unit / 10)
    if sizeInBytes % (unit / 10) >= unit / 20 { tenths += 1 }
    return "\(tenths / 10).\(tenths % 10) \(names.first ?? "EB")"
  }
}
