//! The bits that the resampler gives.

mod common;

use common::Random;
use timbrel_core::audio::Resampler;

/// FNV-1a over the bits of a tenth of a second of resampled noise. The sums of products have a defined order of
/// additions, so that these numbers are the same on every target.
const BITS: [(u32, u32, u32); 81] = [
    (8_000, 11_025, 0x1297_4723),
    (8_000, 16_000, 0xc61f_2951),
    (8_000, 22_050, 0xc225_2119),
    (8_000, 24_000, 0x68ec_ff3f),
    (8_000, 32_000, 0x92f6_0f80),
    (8_000, 44_100, 0xaf43_be73),
    (8_000, 48_000, 0xab90_b19e),
    (8_000, 96_000, 0x858d_2fa5),
    (11_025, 8_000, 0x503f_2a13),
    (11_025, 16_000, 0xd614_460f),
    (11_025, 22_050, 0xc666_9642),
    (11_025, 24_000, 0xc4ee_b2e8),
    (11_025, 32_000, 0xeb67_6bda),
    (11_025, 44_100, 0xd07c_9dd9),
    (11_025, 48_000, 0x68a8_d326),
    (11_025, 96_000, 0xceac_65ec),
    (16_000, 8_000, 0xc2fb_7680),
    (16_000, 11_025, 0xff5f_54ef),
    (16_000, 22_050, 0xf4a2_d8e8),
    (16_000, 24_000, 0x5968_21e5),
    (16_000, 32_000, 0x975b_f714),
    (16_000, 44_100, 0x37bd_86e7),
    (16_000, 48_000, 0xa767_63a1),
    (16_000, 96_000, 0x2dd3_35c9),
    (22_050, 8_000, 0x1762_f614),
    (22_050, 11_025, 0xd763_31dc),
    (22_050, 16_000, 0x0a36_c8e5),
    (22_050, 24_000, 0xa760_f5cf),
    (22_050, 32_000, 0x04af_1644),
    (22_050, 44_100, 0xef46_23ff),
    (22_050, 48_000, 0x20f5_cb06),
    (22_050, 96_000, 0x157f_a177),
    (24_000, 8_000, 0x4f50_d2e9),
    (24_000, 11_025, 0x038d_7267),
    (24_000, 16_000, 0x0550_b061),
    (24_000, 22_050, 0x69dc_9e64),
    (24_000, 32_000, 0x86c4_6dab),
    (24_000, 44_100, 0x8ac6_bac9),
    (24_000, 48_000, 0xbe96_a69b),
    (24_000, 96_000, 0x429d_8ed4),
    (32_000, 8_000, 0x304e_e6a9),
    (32_000, 11_025, 0x8f97_ed49),
    (32_000, 16_000, 0x505d_9166),
    (32_000, 22_050, 0xe814_4b8f),
    (32_000, 24_000, 0x52e6_ad35),
    (32_000, 44_100, 0x4161_3961),
    (32_000, 48_000, 0x5689_3603),
    (32_000, 96_000, 0x7f0c_94d0),
    (44_100, 8_000, 0xdaac_14ff),
    (44_100, 11_025, 0xd30f_3aa9),
    (44_100, 16_000, 0x74a7_f3f7),
    (44_100, 22_050, 0x56b8_c448),
    (44_100, 24_000, 0xacf3_c5eb),
    (44_100, 32_000, 0xdb8c_803c),
    (44_100, 48_000, 0x08ff_cf2a),
    (44_100, 96_000, 0xee2d_a400),
    (48_000, 8_000, 0x897a_9df7),
    (48_000, 11_025, 0x15d6_e61a),
    (48_000, 16_000, 0x0a62_9ba7),
    (48_000, 22_050, 0x93c4_120c),
    (48_000, 24_000, 0x2330_c171),
    (48_000, 32_000, 0x59e2_6981),
    (48_000, 44_100, 0x6cba_5af5),
    (48_000, 96_000, 0x230d_66bc),
    (96_000, 8_000, 0xdde3_56af),
    (96_000, 11_025, 0xfaec_e2c1),
    (96_000, 16_000, 0x82c3_c980),
    (96_000, 22_050, 0x0b91_5fab),
    (96_000, 24_000, 0x985c_7688),
    (96_000, 32_000, 0xf3bb_3736),
    (96_000, 44_100, 0xa1ff_8151),
    (96_000, 48_000, 0xf5aa_5209),
    (4_000, 22_050, 0x5737_fc54),
    (11_999, 22_050, 0x1375_e6af),
    (22_051, 22_050, 0x5a22_ac47),
    (37_800, 22_050, 0x314a_a7b4),
    (88_200, 22_050, 0x9ba0_cddd),
    (96_001, 22_050, 0xbeaf_6264),
    (192_000, 22_050, 0xba3d_e810),
    (264_600, 22_050, 0x1576_6fde),
    (22_050, 767_999, 0x816a_e6ba),
];

fn resample(signal: &[f32], from: u32, to: u32) -> Vec<f32> {
    let mut resampler = Resampler::new(from, to).unwrap();
    let mut output = Vec::new();
    resampler.process_all(signal, |block| output.extend_from_slice(block));
    resampler.finish();
    resampler.process_all(&[], |block| output.extend_from_slice(block));
    output
}

#[test]
fn every_pair_gives_its_bits() {
    for (from, to, expected) in BITS {
        let mut random = Random(1);
        let signal: Vec<f32> = (0..from / 10).map(|_| random.unit()).collect();
        let hash = resample(&signal, from, to)
            .into_iter()
            .flat_map(|sample| sample.to_bits().to_le_bytes())
            .fold(0x811c_9dc5_u32, |hash, byte| {
                (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
            });
        assert_eq!(hash, expected, "{from} to {to}: {hash:#x}");
    }
}
