"use strict";

// Loaded before the program. When the process that started it ends, for whatever reason,
// standard input is closed, and then the program ends too.
process.stdin.on("end", () => process.exit(0));
process.stdin.on("error", () => process.exit(0));
process.stdin.resume();
