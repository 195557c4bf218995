//! Every device that was compiled in computes the same network.

#[cfg(all(feature = "cpu", feature = "ndarray"))]
mod common;

#[cfg(all(feature = "cpu", feature = "ndarray"))]
#[test]
fn ndarray_agrees_with_flex() {
    use burn::tensor::{Device, Tensor, TensorData};
    use timbrel_train::device::DeviceKind;
    use timbrel_train::network::Network;
    use timbrel_train::recipe::Recipe;

    let recipe = Recipe::parse(common::RECIPE).unwrap();
    let [flex, ndarray] =
        [DeviceKind::Cpu, DeviceKind::Ndarray].map(|kind| kind.open(false).unwrap());
    let fresh = Network::new(&recipe, 3, &flex).unwrap();
    let weights = fresh.weights().unwrap();
    let run = |device: &Device| {
        let network = Network::new(&recipe, 3, device)
            .unwrap()
            .with_weights(&weights)
            .unwrap();
        let values: Vec<f32> = (0..4)
            .flat_map(common::spectrogram)
            .take(4 * 32 * 32)
            .map(f32::from)
            .collect();
        let input = TensorData::new(values, [4, 1, 32, 32]);
        network
            .forward(Tensor::from_data(input, device))
            .into_data()
            .try_into_vec::<f32>()
            .unwrap()
    };
    for (a, b) in run(&flex).iter().zip(run(&ndarray)) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[cfg(not(feature = "ndarray"))]
#[test]
fn a_device_that_was_not_compiled_in_is_named() {
    use timbrel_train::device::DeviceKind;

    let message = DeviceKind::Ndarray.open(false).unwrap_err().to_string();
    assert!(
        message.contains("--device ndarray") && message.contains("--features ndarray"),
        "{message}"
    );
}
