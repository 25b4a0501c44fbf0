#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/image_source.h"
#include "data/squaring.h"

namespace alea {

/// The same images, made size x size one by one. Its digest is that of the images and of what is done to them.
std::unique_ptr<ImageSource> squared_images(std::unique_ptr<ImageSource> images, int size, Squaring how);

/// The same images with classes; `labels` is called when they are wanted and gives one for each image at least.
std::unique_ptr<ImageSource> labelled_images(std::unique_ptr<ImageSource> images, std::function<ImageLabels()> labels);

/// The same images, each of the class that its first folder names in `classes`. labels() is Error{data} for a folder that isn't
/// one of them.
std::unique_ptr<ImageSource> images_by_class(std::unique_ptr<ImageSource> images, std::vector<std::string> classes);

/// The same images under the name of their set, which facts() say.
std::unique_ptr<ImageSource> named_images(std::unique_ptr<ImageSource> images, std::string set);

/// All images of several sources, one after another; without classes, unless all have equally many. The digest is over theirs in
/// order. `sources` isn't empty.
std::unique_ptr<ImageSource> joined_images(std::vector<std::unique_ptr<ImageSource>> sources);

}  // namespace alea
