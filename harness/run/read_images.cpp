#include "run/read_images.h"

#include <tbb/parallel_for.h>

#include "core/log.h"
#include "run/encode.h"
#include "run/signals.h"

namespace alea {

std::vector<ReadImage> read_images(const ImageSource& source, std::uint64_t first, std::uint64_t count) {
  std::vector<ReadImage> images(count);
  tbb::parallel_for(std::uint64_t{0}, count, [&](std::uint64_t i) {
    images[i].id = first + i;
    try {
      images[i].picture = source.read(first + i);
    } catch (const Error& error) {
      if (error.code() != ErrorCode::data) throw;
      images[i].error = error.what();
    }
  });
  return images;
}

std::vector<std::string> unreadable_images(const ImageSource& source) {
  constexpr std::uint64_t kChunk = 256;
  std::vector<std::string> messages;
  Progress progress("reading", "images", source.size());
  for (std::uint64_t first = 0; first < source.size(); first += kChunk) {
    throw_if_stopped();
    const auto count = std::min(kChunk, source.size() - first);
    for (const auto& image : read_images(source, first, count))
      if (!image.error.empty()) messages.push_back(image.error);
    progress.add(count);
  }
  return messages;
}

}  // namespace alea
