"""Each check of the tree must fire on a tree that breaks its rule, and name the place."""

import json
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import check_headers  # noqa: E402
import check_house  # noqa: E402
import check_layers  # noqa: E402
import check_size  # noqa: E402


class Tree(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.root = pathlib.Path(temporary.name).resolve()

    def write(self, name, text):
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def assert_problem(self, problems, place, words):
        self.assertTrue(any(p.startswith(place) and words in p for p in problems), problems)


class LayersTest(Tree):
    def test_an_arrow_that_is_not_listed_fails_with_file_and_line(self):
        self.write("harness/samplers/sampler.h", "#pragma once\n")
        self.write("metrics/frechet.cpp", '#include <vector>\n\n#include "samplers/sampler.h"\n')
        self.assert_problem(check_layers.check(self.root), "metrics/frechet.cpp:3:", "metrics must not include samplers")

    def test_an_include_in_a_comment_or_along_an_arrow_is_no_problem(self):
        self.write("harness/core/error.h", "#pragma once\n")
        self.write("metrics/frechet.cpp", '// #include "samplers/sampler.h"\n/*\n#include "cli/args.h"\n*/\n#include "core/error.h"\n')
        self.assertEqual(check_layers.check(self.root), [])

    def test_tensor_headers_are_for_the_network_side(self):
        self.write("harness/models/denoiser.h", "#include <ATen/core/Tensor.h>\n")
        self.write("results/record.h", "#include <ATen/core/Tensor.h>\n")
        problems = check_layers.check(self.root)
        self.assertEqual(len(problems), 1, problems)
        self.assert_problem(problems, "results/record.h:1:", "must not see the tensor library")

    def test_the_umbrella_header_is_for_nobody(self):
        self.write("harness/models/a.cpp", "#include <torch/torch.h>\n")
        self.write("tests/unit/models/a_test.cpp", "\n#include <torch/torch.h>\n")
        problems = check_layers.check(self.root)
        self.assert_problem(problems, "harness/models/a.cpp:1:", "torch/torch.h")
        self.assert_problem(problems, "tests/unit/models/a_test.cpp:2:", "torch/torch.h")

    def test_plugins_do_not_include_each_other(self):
        self.write("harness/samplers/samplers.def", "ALEA_SAMPLER(ddim)\nALEA_SAMPLER(ddim_fast)\n")
        self.write("harness/samplers/ddim_step.h", "#pragma once\n")
        self.write("harness/samplers/ddim.cpp", '#include "samplers/ddim_step.h"\n')
        self.write("harness/samplers/ddim_fast.cpp", '#include "samplers/ddim_step.h"\n')
        problems = check_layers.check(self.root)
        self.assertEqual(len(problems), 1, problems)
        self.assert_problem(problems, "harness/samplers/ddim_fast.cpp:1:", "plug-in ddim_fast must not include plug-in ddim")

    def test_headers_in_a_circle_fail(self):
        self.write("harness/core/a.h", '#include "core/b.h"\nint a();\n')
        self.write("harness/core/b.h", '#include "core/a.h"\nint b();\n')
        self.assert_problem(check_layers.check(self.root), "harness/core/", "circle")

    def test_the_second_half_of_a_header_is_no_circle(self):
        self.write("harness/core/a.h", 'namespace x {\n}\n#include "core/b.h"  // bodies\n')
        self.write("harness/core/b.h", '#include "core/a.h"\nint b();\n')
        self.assertEqual(check_layers.check(self.root), [])

    def test_a_list_of_arrows_with_a_circle_fails(self):
        self.addCleanup(check_layers.ALLOWED.__setitem__, "core", set())
        check_layers.ALLOWED["core"] = {"models"}
        self.assert_problem(check_layers.check(self.root), "", "libraries include each other in a circle")

    def test_a_file_that_is_not_there_and_an_unknown_library_fail(self):
        self.write("harness/core/a.cpp", '#include "core/missing.h"\n')
        self.write("harness/new/b.h", "#pragma once\n")
        self.write("harness/cli/c.cpp", '#include "new/b.h"\n')
        problems = check_layers.check(self.root)
        self.assert_problem(problems, "harness/core/a.cpp:1:", "no file of this tree")
        self.assert_problem(problems, "harness/cli/c.cpp:1:", "library new has no place")


class SizeTest(Tree):
    def judge(self, name, text):
        return check_size.judge(pathlib.Path(name), text)

    def test_a_long_file_is_noted_and_a_longer_one_fails(self):
        self.assertEqual(self.judge("a.h", "int a;\n" * 300), ([], []))
        self.assertEqual([len(x) for x in self.judge("a.h", "int a;\n" * 301)], [0, 1])
        self.assertEqual([len(x) for x in self.judge("a.h", "int a;\n" * 501)], [1, 0])

    def test_a_long_function_is_found_behind_namespaces_templates_and_initialisers(self):
        body = "  f();\n" * 79
        for head in ("int g(int a, int b = 3) ", "template <class T>\nauto g() const -> int ", "G::G() : a_(f()), b_{1} ", "TEST(A, B) ",
                     "bool operator==(const G&) const "):
            text = "namespace a {\nnamespace {\nconst int k[] = {1, 2};\nstruct S {\n" + head + "{\n" + body + "}\n};\n}\n}\n"
            errors, _ = self.judge("a.cpp", text)
            self.assertEqual(len(errors), 1, (head, errors))
            self.assertTrue(errors[0].startswith("a.cpp:5:"), errors)

    def test_braces_in_strings_and_comments_do_not_count(self):
        text = 'int f() {\n  return g("{{{", \'{\', R"({{)");  // {\n}\n' + "int a;\n" * 100
        self.assertEqual(self.judge("a.cpp", text), ([], []))

    def test_a_long_python_function_fails(self):
        self.assertEqual([len(x) for x in self.judge("a.py", "def f():\n" + "    g()\n" * 80)], [1, 0])


class HouseTest(Tree):
    def test_other_generators_fail_outside_of_tests(self):
        lines = ["std::random_device d;", "int a = rand();", "auto b = at::randn({2});", "x.normal_();", "std::mt19937 g;"]
        self.write("harness/models/a.cpp", "\n".join(lines) + "\n")
        self.write("tests/unit/a_test.cpp", "\n".join(lines) + "\n")
        problems = check_house.check(self.root)
        self.assertEqual(sorted(p.split(": ")[0] for p in problems), [f"harness/models/a.cpp:{i}" for i in range(1, 6)])

    def test_the_paper_s_start_points_alone_use_the_tensor_library_s_generator(self):
        for name in ["paper_start.cpp", "paper_start.h", "ddim.cpp"]:
            self.write(f"harness/samplers/{name}", "#pragma once\nx.normal_();\nstd::random_device d;\n")
        problems = check_house.check(self.root)
        self.assertEqual(sorted(p.split(": ")[0] for p in problems),
                         [f"harness/samplers/{place}" for place in ["ddim.cpp:2", "ddim.cpp:3", "paper_start.cpp:3", "paper_start.h:2", "paper_start.h:3"]])

    def test_like_names_comments_and_strings_do_not(self):
        self.write("metrics/a.cpp", '// rand() std::random_device\nint operand(); auto s = "at::randn"; int b = analysis.random(3); int c = grand(1);\n')
        self.assertEqual(check_house.check(self.root), [])

    def test_a_header_without_pragma_once_fails(self):
        self.write("metrics/a.h", "// text first is fine\nint a();\n")
        self.write("metrics/b.h", "// text first is fine\n#pragma once\nint a();\n")
        problems = check_house.check(self.root)
        self.assertEqual(len(problems), 1, problems)
        self.assert_problem(problems, "metrics/a.h:1:", "#pragma once")

    def test_flags_that_change_arithmetic_fail(self):
        self.write("CMakeLists.txt", "# never -ffast-math\nadd_compile_options(-ffast-math)\n")
        self.assert_problem(check_house.check(self.root), "CMakeLists.txt:2:", "-ffast-math")

    def test_openmp_is_for_single_files(self):
        self.write("CMakeLists.txt", 'set_source_files_properties(a.cpp PROPERTIES COMPILE_OPTIONS "-fopenmp")\nadd_compile_options(-fopenmp)\n')
        problems = check_house.check(self.root)
        self.assertEqual(len(problems), 1, problems)
        self.assert_problem(problems, "CMakeLists.txt:2:", "-fopenmp")


class HeadersTest(Tree):
    def setUp(self):
        super().setUp()
        source = self.write("metrics/other.cpp", '#include <string>\n#include "metrics/lacks.h"\n')
        command = f"/usr/bin/ccache c++ -std=c++20 -Wall -Werror -I{self.root} -o a.o -c {source}"
        self.write("build/compile_commands.json", json.dumps([{"directory": str(self.root), "command": command, "file": str(source)}]))

    def check(self):
        return check_headers.check(self.root, self.root / "build", 1)

    def test_a_header_that_lacks_an_include_fails(self):
        self.write("metrics/lacks.h", "#pragma once\nstd::string text();\n")
        self.assert_problem(self.check(), "metrics/lacks.h", "doesn't compile on its own")

    def test_a_whole_header_passes(self):
        self.write("metrics/lacks.h", "#pragma once\n#include <string>\nstd::string text();\n")
        self.assertEqual(self.check(), [])


if __name__ == "__main__":
    unittest.main()
