"""Where each fault that users reported is looked for: a test here, a contract over the whole catalogue, or why not.

A key is the public report (torch reports as pytorch #number) and what it is about. A value names tests as
`file::function`, contracts as `contract: check`, or gives the reason why nothing is tested.
"""

from __future__ import annotations

VALUES, SLOPES, NETWORKS = "test_values.py", "test_slopes.py", "test_in_networks.py"
_EXAMINE = "tests/doctor/test_examine.py"
_OURS = "not ours: "

CASES: dict[str, tuple[str, ...]] = {
    # values
    "pytorch #185770, #187293, #192318, #194278, #185790: gelu at infinities": (
        f"{VALUES}::test_a_gate_has_its_limits_at_both_infinities",
        "contract: infinities",
    ),
    "pytorch #187806, #189234: digits of gelu in its left tail": (
        f"{VALUES}::test_left_tails_keep_their_digits",
        "contract: single_precision",
    ),
    "llama.cpp #29252: gelu from a half-precision table": (f"{VALUES}::test_gelu_in_float32_is_computed_in_float32",),
    "pytorch #171249, #173894, #180193: softplus with a huge beta": (f"{VALUES}::test_softplus_takes_an_extreme_beta",),
    "burn #5373, #5374, jax #2107: softplus far out and at 0": (
        f"{VALUES}::test_softplus_stays_finite_and_keeps_its_small_slopes",
    ),
    "pytorch #31110, #55587: the threshold of softplus": (f"{VALUES}::test_softplus_has_no_seam",),
    "pytorch #74366: parameters of module and function": (
        f"{NETWORKS}::test_module_and_function_accept_the_same_parameters",
    ),
    "ANEForge #113, coremltools #2725, #2618, #2359: softplus and mish in half precision": (
        f"{VALUES}::test_half_precision_values_are_the_rounded_truth",
        "contract: half_precision",
    ),
    "pytorch #20972, #66441, Paddle #79350: log_sigmoid at infinities": (f"{VALUES}::test_log_sigmoid_has_its_limits",),
    "pytorch #135777, #121588: complex sigmoid": (f"{VALUES}::test_complex_numbers_are_refused",),
    "pytorch #25110, #55056, #106545, #131060, entmax #17: rows with nothing in them": (
        f"{VALUES}::test_a_row_with_nothing_in_it_gives_zeros",
        f"{VALUES}::test_long_rows_sum_to_one",
    ),
    "pytorch #6864: softmax of a row with an infinite score": (
        _OURS + "NaN, as in torch; the limit depends on which score grows faster where there are two",
    ),
    "pytorch #17262: log_softmax of no rows": (f"{VALUES}::test_no_rows_at_all_are_no_crash",),
    "pytorch #184031, #184582, #41663, #34372, #22586, #22442, #101620, #103459: gumbel_softmax": (
        f"{VALUES}::test_a_temperature_of_zero_is_refused_and_no_draw_is_nan",
    ),
    "tt-metal #47323: tanhshrink near 0": (f"{VALUES}::test_tanh_shrink_keeps_its_digits_near_zero",),
    "root #19740, AiDotNet.Tensors #594: saturated values": (f"{VALUES}::test_saturated_values_are_finite",),
    "snake #3: a learned alpha of snake next to 0": (f"{VALUES}::test_snake_stays_finite_for_every_alpha",),
    "pytorch #86781, vllm-omni #6283, mistral.rs #1867: silu fused or in two steps": (
        f"{VALUES}::test_a_fused_silu_is_the_rounded_truth",
    ),
    # slopes
    "pytorch #147801, #148049, #143899, attorch #16: corners of hardswish": (
        f"{SLOPES}::test_slopes_at_corners_are_the_same_in_eager_and_compiled_code",
        "contract: kinks",
    ),
    "pytorch #184574, #195931, #185927, TransformerEngine #3424: slopes of clamp": (
        f"{SLOPES}::test_slopes_at_corners_are_the_same_in_eager_and_compiled_code",
        f"{SLOPES}::test_no_formula_is_built_on_clamp",
    ),
    "tinygrad #17852, Zygote #758, Reactant #2973, NNlib #722, jax #1538, #9873: the branch that is not taken": (
        f"{SLOPES}::test_the_branch_that_is_not_taken_does_not_poison_the_gradient",
        "contract: slope_agrees",
    ),
    "jax #39795, #40826, pytorch #195527, #195682, #195530, #195679, #195545, tensorflow #19333, Mish #32: tails": (
        f"{SLOPES}::test_small_slopes_keep_their_digits",
        "contract: curvature_agrees",
    ),
    "snntorch #427, #433: a surrogate slope that overflows": (f"{SLOPES}::test_surrogate_slopes_are_finite_far_out",),
    "Paddle #14857: gelu at either zero": (f"{SLOPES}::test_the_slope_of_gelu_at_zero_is_a_half",),
    "pytorch #49272: in-place elu with a negative alpha": (f"{SLOPES}::test_elu_with_a_negative_alpha_is_refused",),
    "pytorch #37345, #33639: in-place leaky_relu": (f"{SLOPES}::test_leaky_relu_with_slope_zero_works_in_place",),
    "pytorch #128120, FlagGems #4992: prelu per channel": (f"{SLOPES}::test_prelu_per_channel_has_torchs_gradients",),
    "FlagGems #4986, #4987: input_scale of elu": (_OURS + "elu has no such parameter here",),
    "tt-metal #57374: the slope at NaN": ("contract: nan",),
    "Liger-Kernel #1413, #1435: every gradient of a gated unit": (
        f"{SLOPES}::test_every_gradient_of_a_gated_unit_is_right",
    ),
    "Liger-Kernel #254, #272, #273, axolotl #3892: saved tensors overwritten": (
        f"{SLOPES}::test_going_back_twice_gives_the_same_and_changes_nothing",
        "contract: inplace",
    ),
    "xformers #1126: checkpointing": (f"{SLOPES}::test_a_checkpointed_layer_has_the_same_gradient",),
    "thinc #578: a missing term in mish's slope": (f"{SLOPES}::test_the_slope_of_mish_follows_the_curve",),
    "deepmd-kit #5393: second derivatives in a traced program": (f"{SLOPES}::test_forces_can_be_traced",),
    "entmax and activations-plus: wrong second derivatives, no transforms": (
        "contract: gradgradcheck",
        "contract: forward_mode",
        "contract: vmap",
    ),
    # NaN and zeros
    "mindspore #373, #375: shrinking NaN": (f"{SLOPES}::test_shrinking_keeps_what_is_no_number",),
    "pytorch #106604: relu6 of NaN": (f"{SLOPES}::test_relu6_of_nan_is_nan",),
    "pytorch #196799: relu of -0 eager and compiled": (
        _OURS + "the sign of a zero that ReLU gives is not promised; NaN is (contract nan)",
    ),
    "torch: odd functions lose the sign of zero": (f"{SLOPES}::test_an_odd_function_keeps_the_sign_of_zero",),
    "torch-activation and others: NaN swallowed, dtype changed": ("contract: nan", "contract: dtype_kept"),
    # shapes, dtypes, arguments
    "pytorch #78152, #118845, #133179, #38108, #38109, #38113: empty tensors": (
        f"{NETWORKS}::test_images_without_a_batch_pass_forward_and_backward",
        "contract: shape_kept",
    ),
    "pytorch #95365, #95366, #67979, icefall #1940: a float32 parameter and bfloat16 input": ("contract: dtype_kept",),
    "torch: gelu differs between layouts and lengths": ("contract: shape_kept", "contract: position_independent"),
    "pytorch #166162, #153186: thresholds of softshrink and hardshrink": (
        f"{VALUES}::test_a_negative_threshold_is_refused",
        f"{VALUES}::test_a_threshold_beyond_the_dtype_shrinks_everything",
        "contract: parameters_checked",
    ),
    "pytorch #101794, #92884: every module takes inplace": (
        f"{NETWORKS}::test_an_activation_fits_where_a_block_makes_it_in_place",
        "contract: inplace",
    ),
    "pytorch #87979, #47906, #42358: autocast": (
        f"{NETWORKS}::test_autocast_trains",
        f"{NETWORKS}::test_halves_of_different_dtypes_meet_without_an_error",
    ),
    "transformers #21345, PaddleFleet #363: names of other libraries": (
        f"{NETWORKS}::test_the_names_of_transformers_are_the_formulas_they_stand_for",
    ),
    "pytorch #167240: the picture of GLU shows GELU": (f"{NETWORKS}::test_the_picture_of_glu_is_a_sigmoid",),
    "pytorch #65368, #4819: formulas and pictures of every function": (
        f"{NETWORKS}::test_every_entry_has_formulas_and_a_picture",
    ),
    # transforms
    "pytorch #181692, functorch #434, #658, #609, pytorch #77186, #77309, #89895: transforms": (
        f"{NETWORKS}::test_transforms_nest_over_a_function_with_a_vector_parameter",
        "contract: compiles",
        "contract: vmap",
        "contract: forward_mode",
    ),
    "pytorch #181693, #183601: a compiled chain that ends in hardswish": (
        _OURS + "the chain before the activation magnifies rounding; the activation alone has a contract",
    ),
    "pytorch #142223, #148254: compiled tanh": (f"{NETWORKS}::test_compiled_tanh_keeps_small_inputs",),
    "pytorch #93498, #110611: compiled code slower than eager": (
        _OURS + "speed is measured in benchmarks, not asserted; what the compiler makes of torch operations is its own",
    ),
    "pytorch #148835: relu and relu in place, compiled": (
        f"{NETWORKS}::test_an_output_used_in_place_compiles_with_its_gradient",
    ),
    "torch: compiled gelu differs at infinity": (f"{NETWORKS}::test_compiled_code_has_the_same_limits",),
    "pytorch #196792: strict numerics of compiled sigmoid": ("contract: compiles",),
    "pytorch #150638, #168186, #159239, #131595: fused bfloat16 products": (
        f"{NETWORKS}::test_fused_bfloat16_products_are_nearer_to_the_truth_than_two_steps",
    ),
    "torch: rrelu under vmap": (f"{NETWORKS}::test_drawing_works_under_vmap",),
    "pytorch #43665, #54316, #128772, timm #400: export": ("contract: exports",),
    "tabfm #47: functions that cannot be pickled": ("contract: pickles",),
    "pytorch #81832: an encoder layer with our activation": (
        f"{NETWORKS}::test_an_encoder_layer_keeps_our_activation_through_pickle",
    ),
    "torch: the fast path of an encoder layer ignores a swapped activation": (
        "tests/nn/test_swap.py::test_the_encoder_layer_leaves_its_fast_path",
    ),
    "Liger-Kernel: constants that widen a program": (f"{NETWORKS}::test_traced_code_widens_only_where_it_says_so",),
    # memory
    "pytorch #63027, #63644: keep the output instead of the input": (
        _OURS + "the input is kept: a slope computed from a rounded output loses its digits, which are promised",
    ),
    "pytorch #92884, #74629: train gelu in place": (
        _OURS + "its two branches cannot be told from the output; inplace never spoils a gradient (contract inplace)",
    ),
    "Mish #18, lightning-thunder #1012, pith-train #20, Liger-Kernel #555, ScaledYOLOv4 #293: bytes kept": (
        f"{NETWORKS}::test_only_the_inputs_are_kept_for_the_backward_pass",
    ),
    "gen-efficientnet-pytorch #46, pytorch #93498: speed of swish and mish": (
        _OURS + "speed is measured in benchmarks, not asserted",
    ),
    "torch: compiled relu slower than eager": (_OURS + "what the compiler makes of torch operations is its own",),
    # requests, workflow
    "NNlib #265: evidence for each function": (
        "tests/contracts/test_catalogue.py::test_entry_says_what_only_a_person_can_know",
    ),
    "pytorch #14923: sparsemax": (f"{NETWORKS}::test_sparsemax_exists_and_projects",),
    "pytorch #24991, #50664, #54030, Mish #37, alf #473: a gain for every function": (
        f"{NETWORKS}::test_every_function_has_a_gain_that_keeps_the_signal",
    ),
    "keras #7057, keras-contrib #115, #174, #262, #480, marin #1367, nnue-pytorch #55: dead units": (
        f"{_EXAMINE}::test_dead_units_are_counted_per_unit_not_per_element",
        f"{_EXAMINE}::test_dead_units_are_seen_however_the_activation_is_called",
    ),
    "a shared ReLU is judged once": (f"{_EXAMINE}::test_a_shared_activation_is_judged_per_call",),
    "saturated sigmoids are not reported": (
        "tests/doctor/test_specimens.py::test_the_sick_specimen_is_named_and_its_healthy_twin_is_silent",
    ),
    "a diagnosis changes the model": (
        f"{_EXAMINE}::test_examining_leaves_the_model_and_the_random_state_exactly_as_they_were",
    ),
    "pytorch #61519, #95617, vision #4164, singd #56, captum #199: hooks and in-place activations": (
        f"{_EXAMINE}::test_dead_units_are_seen_however_the_activation_is_called",
        f"{_EXAMINE}::test_healthy_architectures_raise_no_alarm",
    ),
    "pytorch #128413, #132700: the fast path of an encoder skips hooks": (
        f"{NETWORKS}::test_the_doctor_sees_inside_an_encoder_in_evaluation",
    ),
    "rational_activations #10, #20, #21: wheels compiled for one torch": (
        "tests/packaging/test_wheel.py::test_the_wheel_shows_gelu_in_an_empty_environment",
    ),
    "EfficientNet #88: a lean version that learns worse": ("contract: inplace",),
}
