enum PlaceholderSheafDelta {}
