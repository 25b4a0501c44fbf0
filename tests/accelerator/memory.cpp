#include "tests/accelerator/memory.h"

#include <c10/util/Exception.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <map>
#include <mutex>

namespace alea::test {
namespace {

struct Pages {
  std::size_t bytes = 0;
  int n_open = 0;
};

/// All pages there are, and those of them that are free, by size.
struct Heap {
  std::mutex mutex;
  std::map<const void*, Pages> pages;
  std::multimap<std::size_t, void*> free;
};

Heap& heap() {
  static auto* the = new Heap;  // outlives every tensor
  return *the;
}

void protect(const void* first, std::size_t bytes, int allowed) {
  TORCH_CHECK(mprotect(const_cast<void*>(first), bytes, allowed) == 0, "mprotect fails: ", std::strerror(errno));
}

std::size_t whole_pages(std::size_t bytes) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return (bytes + page - 1) / page * page;
}

void* take_pages(std::size_t bytes) {
  Heap& the = heap();
  const std::lock_guard lock(the.mutex);
  if (const auto found = the.free.find(bytes); found != the.free.end()) {
    void* const first = found->second;
    the.free.erase(found);
    return first;
  }
  void* const first = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  TORCH_CHECK(first != MAP_FAILED, "mmap of ", bytes, " bytes fails: ", std::strerror(errno));
  the.pages[first] = {bytes, 0};
  return first;
}

void give_back(void* first) {
  if (first == nullptr) return;
  Heap& the = heap();
  const std::lock_guard lock(the.mutex);
  the.free.emplace(the.pages.at(first).bytes, first);
}

class Allocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(std::size_t bytes) override {
    const c10::Device device(c10::kPrivateUse1, 0);
    if (bytes == 0) return {nullptr, device};
    void* const first = take_pages(whole_pages(bytes));
    const HostAccess access({first});
    std::memset(first, 0xff, bytes);
    return {first, first, &give_back, device};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }
  void copy_data(void* to, const void* from, std::size_t bytes) const override {
    const HostAccess access({to, from});
    std::memcpy(to, from, bytes);
  }
};

}  // namespace

c10::Allocator* accelerator_allocator() {
  static Allocator the;
  return &the;
}

HostAccess::HostAccess(std::vector<const void*> allocations) : allocations_(std::move(allocations)) {
  Heap& the = heap();
  const std::lock_guard lock(the.mutex);
  for (const void* first : allocations_) {
    if (first == nullptr) continue;
    Pages& pages = the.pages.at(first);
    if (pages.n_open++ == 0) protect(first, pages.bytes, PROT_READ | PROT_WRITE);
  }
}

HostAccess::~HostAccess() {
  Heap& the = heap();
  const std::lock_guard lock(the.mutex);
  for (const void* first : allocations_) {
    if (first == nullptr) continue;
    Pages& pages = the.pages.at(first);
    if (--pages.n_open == 0) protect(first, pages.bytes, PROT_NONE);
  }
}

}  // namespace alea::test
