"use strict";

// Loaded before the program: when whoever started it is gone, however that
// went, standard input closes, and the program is not left behind.
process.stdin.on("end", () => process.exit(0));
process.stdin.on("error", () => process.exit(0));
process.stdin.resume();
