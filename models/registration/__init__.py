"""From a photo to a registered face: detection, dense mesh, alignment and drawing."""
