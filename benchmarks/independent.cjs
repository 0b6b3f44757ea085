// Reads faces with face-api's networks: node independent.cjs PACKAGES FACES COUNT SIDE
//
// PACKAGES is the folder that npm installed face-api and TensorFlow.js into; FACES holds COUNT
// pictures of SIDE x SIDE RGB bytes one after the other. Prints one line of JSON for each:
// {"expressions": {name: probability}, "descriptor": [128 numbers]}, or null where no face is found.
"use strict";
const fs = require("fs");
const path = require("path");

async function main([packages, faces, count, side]) {
  const modules = path.join(path.resolve(packages), "node_modules");
  const tensors = require(path.join(modules, "@tensorflow/tfjs-backend-wasm"));
  const faceapi = require(path.join(modules, "@vladmandic/face-api/dist/face-api.node-wasm.js"));
  tensors.setWasmPaths(path.join(modules, "@tensorflow/tfjs-backend-wasm/dist") + path.sep);
  await faceapi.tf.setBackend("wasm");
  await faceapi.tf.ready();
  const { tinyFaceDetector, faceLandmark68Net, faceExpressionNet, faceRecognitionNet } = faceapi.nets;
  for (const net of [tinyFaceDetector, faceLandmark68Net, faceExpressionNet, faceRecognitionNet]) {
    await net.loadFromDisk(path.join(modules, "@vladmandic/face-api/model"));
  }
  const options = new faceapi.TinyFaceDetectorOptions({ inputSize: 320, scoreThreshold: 0.2 });
  const size = side * side * 3;
  const bytes = fs.readFileSync(faces);
  for (let index = 0; index < count; index++) {
    const pixels = new Int32Array(bytes.subarray(index * size, (index + 1) * size));
    const picture = faceapi.tf.tensor3d(pixels, [Number(side), Number(side), 3], "int32");
    const face = await faceapi
      .detectSingleFace(picture, options)
      .withFaceLandmarks()
      .withFaceExpressions()
      .withFaceDescriptor();
    picture.dispose();
    const read = face && {
      expressions: face.expressions,
      descriptor: Array.from(face.descriptor),
    };
    console.log(JSON.stringify(read || null));
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error);
  process.exit(1);
});
