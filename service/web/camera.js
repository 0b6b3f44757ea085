// One picture of the camera, taken after asking.

const LONGEST = 1920;

/** A JPEG of what the camera saw when the button was pressed; null when it was not. */
export function openCamera() {
  const dialog = document.getElementById("camera-dialog");
  const video = document.getElementById("video");
  const words = document.getElementById("camera-words");
  const takeIt = document.getElementById("take");
  const close = document.getElementById("camera-close");
  const ask = words.textContent;
  let stream = null;
  let photo = null;
  takeIt.disabled = true;
  dialog.showModal();

  const start = async () => {
    if (!navigator.mediaDevices) {
      words.textContent = "Browsers open the camera for https pages and for this computer alone.";
      return;
    }
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        video: { facingMode: "user", width: { ideal: LONGEST } },
      });
      if (!dialog.open) return stop();
      video.srcObject = stream;
      await video.play();
      takeIt.disabled = false;
      takeIt.focus();
    } catch (error) {
      words.textContent =
        error.name === "NotAllowedError"
          ? "The camera may not be used. Allow it in your browser's settings, or choose a photo."
          : "No camera was found. Choose a photo instead.";
    }
  };
  const stop = () => {
    for (const track of stream?.getTracks() ?? []) track.stop();
    video.srcObject = null;
  };
  const shoot = () => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext("2d").drawImage(video, 0, 0);
    canvas.toBlob(
      (blob) => {
        photo = blob;
        dialog.close();
      },
      "image/jpeg",
      0.95,
    );
  };
  const cancel = () => dialog.close();
  takeIt.addEventListener("click", shoot);
  close.addEventListener("click", cancel);
  start();
  return new Promise((resolve) => {
    dialog.addEventListener(
      "close",
      () => {
        stop();
        takeIt.removeEventListener("click", shoot);
        close.removeEventListener("click", cancel);
        words.textContent = ask;
        resolve(photo);
      },
      { once: true },
    );
  });
}
