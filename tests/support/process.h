#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace alea::testing {

namespace fs = std::filesystem;

/// A folder of its own that is gone with the object.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (fs::temp_directory_path() / "alea_test_XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

inline std::string file_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_text(const fs::path& path, const std::string& text) { std::ofstream(path, std::ios::binary) << text; }

struct Ended {
  int status = -1;  ///< exit status, or 128 + signal
  std::string out, err;
};

/// A running alea, spawned (never forked: the test process has threads).
class Process {
 public:
  Process(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {}) {
    std::vector<std::string> words = {ALEA_BINARY_DIR "/alea"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
    for (const auto& [name, value] : environment) variables.push_back(name + "=" + value);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    const int mode = O_WRONLY | O_CREAT | O_TRUNC;
    posix_spawn_file_actions_addopen(&actions, 1, (streams_ / "out").c_str(), mode, 0600);
    posix_spawn_file_actions_addopen(&actions, 2, (streams_ / "err").c_str(), mode, 0600);
    const int error = posix_spawn(&pid_, words[0].c_str(), &actions, nullptr, pointers(words).data(), pointers(variables).data());
    posix_spawn_file_actions_destroy(&actions);
    if (error != 0) throw std::runtime_error("can't start " + words[0]);
  }
  ~Process() {
    if (!waited_) {
      send(SIGKILL);
      wait();
    }
  }
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void send(int signal) const { kill(pid_, signal); }

  bool running() {
    if (waited_) return false;
    siginfo_t info = {};
    return waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
  }

  Ended wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    waited_ = true;
    return {WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), file_text(streams_ / "out"),
            file_text(streams_ / "err")};
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& words) {
    std::vector<char*> out;
    for (auto& word : words) out.push_back(word.data());
    out.push_back(nullptr);
    return out;
  }

  TemporaryFolder streams_;
  pid_t pid_ = -1;
  bool waited_ = false;
};

inline Ended run_alea(const std::vector<std::string>& arguments, const std::map<std::string, std::string>& environment = {}) {
  return Process(arguments, environment).wait();
}

/// Relative path -> content of everything that must be equal however a run came about: all but the ledger and the locks.
inline std::map<std::string, std::string> result_files(const fs::path& folder) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (!entry.is_regular_file() || name == "ledger.json" || name.ends_with("lock")) continue;
    out[fs::relative(entry.path(), folder).generic_string()] = file_text(entry.path());
  }
  return out;
}

/// Names of the files that differ or are in one map only.
inline std::vector<std::string> differing(const std::map<std::string, std::string>& a,
                                          const std::map<std::string, std::string>& b) {
  std::vector<std::string> out;
  for (const auto& [name, content] : a)
    if (const auto other = b.find(name); other == b.end() || other->second != content) out.push_back(name);
  for (const auto& [name, content] : b)
    if (!a.contains(name)) out.push_back(name);
  return out;
}

}  // namespace alea::testing
