#!/usr/bin/env python3
"""What `cmake --install` leaves is enough for another program: tests/consumer is configured, built and run against it, and links no tensor library.

    consumer_test.py BUILD    the build folder whose libraries are installed
"""

import pathlib
import subprocess
import sys
import tempfile

CONSUMER = pathlib.Path(__file__).resolve().parents[1] / "consumer"


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} ends with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def main():
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        run("cmake", "--install", sys.argv[1], "--prefix", root / "prefix")
        run("cmake", "-S", CONSUMER, "-B", root / "build", f"-DCMAKE_PREFIX_PATH={root / 'prefix'}", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", root / "build")
        answer = run(root / "build" / "consumer").strip()
        if answer != "1.000000000000":
            sys.exit(f"the consumer says {answer}, expected a Frechet distance of 1")
        linked = run("ldd", root / "build" / "consumer")
        if "torch" in linked or "lapack" not in linked:
            sys.exit(f"expected the system's LAPACK and no tensor library, found\n{linked}")
    print("consumer: 0 problems")


if __name__ == "__main__":
    main()
