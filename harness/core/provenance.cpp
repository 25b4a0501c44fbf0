#include "core/provenance.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <ctime>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>

#include "core/build_info.h"

namespace alea {
namespace {

struct Libraries {
  std::mutex mutex;
  std::map<std::string, std::string> versions;
};

Libraries& libraries() {
  static auto* the = new Libraries{
      {},
      {{"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
       {"nlohmann_json",
        fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)}}};
  return *the;
}

Json known(std::optional<bool> fact) { return fact ? Json(*fact) : Json(); }

std::string compiler() {
#if defined(__clang__)
  return "clang " __clang_version__;
#elif defined(__GNUC__)
  return "g++ " __VERSION__;
#else
  return "unknown";
#endif
}

/// What the compiler was allowed to use, which decides how sums are cut into vectors.
Json instruction_set() {
  Json out = Json::array();
#ifdef __SSE4_2__
  out.push_back("sse4.2");
#endif
#ifdef __AVX__
  out.push_back("avx");
#endif
#ifdef __AVX2__
  out.push_back("avx2");
#endif
#ifdef __FMA__
  out.push_back("fma");
#endif
#ifdef __F16C__
  out.push_back("f16c");
#endif
#ifdef __AVX512F__
  out.push_back("avx512f");
#endif
#ifdef __AVX512BW__
  out.push_back("avx512bw");
#endif
#ifdef __AVX512DQ__
  out.push_back("avx512dq");
#endif
#ifdef __AVX512VL__
  out.push_back("avx512vl");
#endif
#ifdef __AVX512VNNI__
  out.push_back("avx512vnni");
#endif
#ifdef __AVX512BF16__
  out.push_back("avx512bf16");
#endif
#ifdef __AMX_BF16__
  out.push_back("amx_bf16");
#endif
#ifdef __ARM_NEON
  out.push_back("neon");
#endif
#ifdef __ARM_FEATURE_SVE
  out.push_back("sve");
#endif
  return out;
}

/// The value behind "KEY :" in a file of such lines, as /proc has them.
std::optional<std::string> value_in(const char* path, std::string_view key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(':');
    if (colon == std::string::npos || line.compare(0, key.size(), key) != 0) continue;
    const std::size_t start = line.find_first_not_of(" \t", colon + 1);
    return start == std::string::npos ? "" : line.substr(start);
  }
  return std::nullopt;
}

std::optional<std::uint64_t> kilobytes_in(const char* path, std::string_view key) {
  const auto text = value_in(path, key);
  return text ? std::optional(std::stoull(*text) * 1024) : std::nullopt;
}

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

Json usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return sched_getaffinity(0, sizeof set, &set) == 0 ? Json(CPU_COUNT(&set)) : Json();
}

std::string utc_now() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[sizeof "2000-01-01T00:00:00Z"];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

}  // namespace

void register_library(const std::string& name, const std::string& version) {
  const std::lock_guard lock(libraries().mutex);
  libraries().versions[name] = version;
}

Json provenance() {
  const std::lock_guard lock(libraries().mutex);
  const BuildInfo& build = build_info();
  return {{"alea", build.version},
          {"git", {{"revision", build.git_revision}, {"dirty", known(build.git_dirty)}}},
          {"compiler", compiler()},
          {"build_type", build.build_type},
          {"instruction_set", instruction_set()},
          {"native", known(build.native)},
          {"libraries", libraries().versions}};
}

Json circumstances() {
  const auto memory = kilobytes_in("/proc/meminfo", "MemTotal");
  return {{"host", host_name()},
          {"cpu", value_in("/proc/cpuinfo", "model name").value_or("unknown")},
          {"cores", sysconf(_SC_NPROCESSORS_ONLN)},
          {"usable_cores", usable_cores()},
          {"memory_bytes", memory ? Json(*memory) : Json()},
          {"time", utc_now()},
          {"pid", getpid()}};
}

std::uint64_t peak_memory_bytes() {
  if (const auto peak = kilobytes_in("/proc/self/status", "VmHWM")) return *peak;
  rusage usage{};  // some containers leave VmHWM out; this is the same figure from the same kernel
  if (getrusage(RUSAGE_SELF, &usage) != 0) fail(ErrorCode::io, "can't read this process's peak memory (getrusage failed)");
  return static_cast<std::uint64_t>(usage.ru_maxrss) * 1024;
}

double monotonic_seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

}  // namespace alea
