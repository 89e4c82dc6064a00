module attributes {gpu.container_module, mx.target = #mx.target<nvvm, chip = "sm_120a">} {
  func.func @f() {
    %one = arith.constant 1 : index
    gpu.launch_func @kernels::@nothing blocks in (%one, %one, %one) threads in (%one, %one, %one)
    return
  }
  gpu.module @kernels {
    gpu.func @nothing() kernel {
      gpu.return
    }
  }
}
