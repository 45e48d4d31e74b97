enum PlaceholderSheafCompression {}
