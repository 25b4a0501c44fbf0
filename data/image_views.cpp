#include "data/image_views.h"

#include <algorithm>
#include <map>

#include "core/error.h"
#include "core/files.h"

namespace alea {
namespace {

/// What a view doesn't change.
class View : public ImageSource {
 public:
  explicit View(std::unique_ptr<ImageSource> images) : images_(std::move(images)) {}
  std::uint64_t size() const override { return images_->size(); }
  std::string name(std::uint64_t i) const override { return images_->name(i); }
  Picture read(std::uint64_t i) const override { return images_->read(i); }
  std::string digest() const override { return images_->digest(); }
  Json facts() const override { return images_->facts(); }
  ImageLabels labels() const override { return images_->labels(); }

 protected:
  std::unique_ptr<ImageSource> images_;
};

class Squared final : public View {
 public:
  Squared(std::unique_ptr<ImageSource> images, int size, Squaring how) : View(std::move(images)), size_(size), how_(how) {}
  Picture read(std::uint64_t i) const override { return make_square(images_->read(i), size_, how_); }
  std::string digest() const override {
    const std::string both = fmt::format("{}\n{} {}\n", images_->digest(), squaring_name(how_), size_);
    return sha256_hex(std::as_bytes(std::span(both)));
  }
  Json facts() const override {
    Json out = images_->facts();
    out["squaring"] = squaring_name(how_);
    out["height"] = out["width"] = size_;
    return out;
  }

 private:
  int size_;
  Squaring how_;
};

class Labelled final : public View {
 public:
  Labelled(std::unique_ptr<ImageSource> images, std::function<ImageLabels()> labels)
      : View(std::move(images)), labels_(std::move(labels)) {}
  ImageLabels labels() const override {
    ImageLabels out = labels_();
    ALEA_CHECK(out.of.size() >= size(), "{} classes for {} images", out.of.size(), size());
    out.of.resize(size());
    return out;
  }

 private:
  std::function<ImageLabels()> labels_;
};

class ByClass final : public View {
 public:
  ByClass(std::unique_ptr<ImageSource> images, std::vector<std::string> classes)
      : View(std::move(images)), classes_(std::move(classes)) {}
  ImageLabels labels() const override {
    std::map<std::string, std::uint32_t, std::less<>> rank;
    for (const auto& name : classes_) rank.emplace(name, static_cast<std::uint32_t>(rank.size()));
    ImageLabels out{static_cast<std::uint32_t>(classes_.size()), {}};
    for (std::uint64_t i = 0; i < size(); ++i) {
      const std::string path = name(i);
      const auto found = rank.find(path.substr(0, path.find('/')));
      if (found == rank.end())
        fail(ErrorCode::data, "{}: expected a folder named as one of the {} classes ({}, ...), found none of them", path,
             classes_.size(), classes_.front());
      out.of.push_back(found->second);
    }
    return out;
  }

 private:
  std::vector<std::string> classes_;
};

class Named final : public View {
 public:
  Named(std::unique_ptr<ImageSource> images, std::string set) : View(std::move(images)), set_(std::move(set)) {}
  Json facts() const override {
    Json out = images_->facts();
    out["set"] = set_;
    return out;
  }

 private:
  std::string set_;
};

class Joined final : public ImageSource {
 public:
  explicit Joined(std::vector<std::unique_ptr<ImageSource>> sources) : sources_(std::move(sources)) {
    for (const auto& source : sources_) {
      first_.push_back(size_);
      size_ += source->size();
    }
  }
  std::uint64_t size() const override { return size_; }
  std::string name(std::uint64_t i) const override { return sources_[part_of(i)]->name(i - first_[part_of(i)]); }
  Picture read(std::uint64_t i) const override { return sources_[part_of(i)]->read(i - first_[part_of(i)]); }
  std::string digest() const override {
    std::string all;
    for (const auto& source : sources_) all += source->digest() + "\n";
    return sha256_hex(std::as_bytes(std::span(all)));
  }
  Json facts() const override {
    Json parts = Json::array();
    bool lossy = false;
    for (const auto& source : sources_) {
      parts.push_back(source->facts());
      lossy = lossy || parts.back().value("lossy", false);
    }
    return {{"kind", "several"}, {"n", size_}, {"lossy", lossy}, {"parts", parts}};
  }
  ImageLabels labels() const override {
    ImageLabels out = sources_.front()->labels();
    for (std::size_t k = 1; k < sources_.size(); ++k) {
      const ImageLabels more = sources_[k]->labels();
      if (more.n_classes != out.n_classes) return {};
      out.of.insert(out.of.end(), more.of.begin(), more.of.end());
    }
    return out;
  }

 private:
  std::size_t part_of(std::uint64_t i) const {
    ALEA_CHECK(i < size_, "image {} of {}", i, size_);
    return static_cast<std::size_t>(std::ranges::upper_bound(first_, i) - first_.begin()) - 1;
  }

  std::vector<std::unique_ptr<ImageSource>> sources_;
  std::vector<std::uint64_t> first_;
  std::uint64_t size_ = 0;
};

}  // namespace

std::unique_ptr<ImageSource> squared_images(std::unique_ptr<ImageSource> images, int size, Squaring how) {
  return std::make_unique<Squared>(std::move(images), size, how);
}

std::unique_ptr<ImageSource> labelled_images(std::unique_ptr<ImageSource> images, std::function<ImageLabels()> labels) {
  return std::make_unique<Labelled>(std::move(images), std::move(labels));
}

std::unique_ptr<ImageSource> images_by_class(std::unique_ptr<ImageSource> images, std::vector<std::string> classes) {
  return std::make_unique<ByClass>(std::move(images), std::move(classes));
}

std::unique_ptr<ImageSource> named_images(std::unique_ptr<ImageSource> images, std::string set) {
  return std::make_unique<Named>(std::move(images), std::move(set));
}

std::unique_ptr<ImageSource> joined_images(std::vector<std::unique_ptr<ImageSource>> sources) {
  ALEA_CHECK(!sources.empty(), "nothing to join");
  return sources.size() == 1 ? std::move(sources.front()) : std::make_unique<Joined>(std::move(sources));
}

}  // namespace alea
