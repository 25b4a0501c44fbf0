#!/usr/bin/env python3
"""What `cmake --install` leaves is enough for another program: tests/consumer is configured, built and run against it, and links no tensor library.

    consumer_test.py BUILD    installs the libraries of this build folder, then those of a build of the same tree without a tensor library
"""

import pathlib
import subprocess
import sys
import tempfile

TREE = pathlib.Path(__file__).resolve().parents[2]


def run(*words):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))} ends with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def options_of(build):
    """A sanitizer's flags must reach the program that links the libraries, so flags and compilers are passed on."""
    wanted = ("CMAKE_BUILD_TYPE", "CMAKE_CXX_FLAGS", "CMAKE_CXX_COMPILER", "CMAKE_C_COMPILER", "CMAKE_GENERATOR", "ALEA_NATIVE")
    cache = dict(line.split("=", 1) for line in (build / "CMakeCache.txt").read_text().splitlines() if "=" in line and line[0] not in "#/")
    values = {name.split(":")[0]: value for name, value in cache.items()}
    return [word for name in wanted if name in values
            for word in (("-G", values[name]) if name == "CMAKE_GENERATOR" else (f"-D{name}={values[name]}",))]


def check(build, options, folder):
    folder.mkdir()
    run("cmake", "--install", build, "--prefix", folder / "first")
    (folder / "first").rename(folder / "moved")
    run("cmake", "-S", TREE / "tests/consumer", "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={folder / 'moved'}", *options)
    run("cmake", "--build", folder / "build")
    answer = run(folder / "build" / "consumer").strip()
    if answer != "1.000000000000":
        sys.exit(f"the consumer says {answer}, expected a Frechet distance of 1")
    linked = run("ldd", folder / "build" / "consumer")
    if "torch" in linked or "lapack" not in linked:
        sys.exit(f"expected the system's LAPACK and no tensor library, found\n{linked}")


def main():
    full = pathlib.Path(sys.argv[1])
    options = options_of(full)
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        check(full, options, root / "full")
        run("cmake", "-S", TREE, "-B", root / "plain", "-DALEA_WITH_TORCH=OFF", *options)
        run("cmake", "--build", root / "plain", "--parallel", "2")
        check(root / "plain", options, root / "alone")
    print("consumer: 0 problems")


if __name__ == "__main__":
    main()
