//! Access to flex tensors, shared by the operations.

use burn::backend::flex::FlexTensor;
use burn::backend::{DType, Shape, TensorData, TensorMetadata};

/// Return a tensor `[N, channel, row, column]` of 32-bit numbers, which are in order.
pub(super) fn contiguous(tensor: FlexTensor) -> FlexTensor {
    assert_eq!(tensor.dtype(), DType::F32, "networks train in 32 bits");
    tensor.to_contiguous()
}

/// Return the values of a contiguous tensor.
pub(super) fn values(tensor: &FlexTensor) -> &[f32] {
    let start = tensor.layout().start_offset();
    &tensor.storage()[start..][..tensor.shape().num_elements()]
}

pub(super) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, Shape::from(shape)))
}
