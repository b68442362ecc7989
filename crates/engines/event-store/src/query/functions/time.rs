//! `date_trunc` for times in UTC, which all of ours are: DataFusion asks its calendar of zones for every row that has a
//! zone, and reckons only where there is none.

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Field, TimeUnit, TimestampMicrosecondType};
use datafusion::common::DataFusionError;
use datafusion::error::Result;
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
};
use std::sync::Arc;

const ZONE: &str = "UTC";

/// The function of DataFusion, with a short way round the calendar.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct DateTruncInUtc(pub(super) Arc<ScalarUDF>);

impl ScalarUDFImpl for DateTruncInUtc {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn aliases(&self) -> &[String] {
        self.0.aliases()
    }

    fn signature(&self) -> &Signature {
        self.0.signature()
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        self.0.return_type(types)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<Arc<Field>> {
        self.0.return_field_from_args(args)
    }

    fn output_ordering(&self, input: &[ExprProperties]) -> Result<SortProperties> {
        self.0.output_ordering(input)
    }

    fn invoke_with_args(&self, mut args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [_, ColumnarValue::Array(times)] = args.args.as_mut_slice() else {
            return self.0.invoke_with_args(args);
        };
        let DataType::Timestamp(TimeUnit::Microsecond, Some(zone)) = times.data_type() else {
            return self.0.invoke_with_args(args);
        };
        if &**zone != ZONE {
            return self.0.invoke_with_args(args);
        }
        let zoneless = DataType::Timestamp(TimeUnit::Microsecond, None);
        let without = |field: &Arc<Field>| Arc::new(field.as_ref().clone().with_data_type(zoneless.clone()));
        *times = Arc::new(times.as_primitive::<TimestampMicrosecondType>().clone().with_timezone_opt(None::<&str>));
        if let Some(field) = args.arg_fields.get_mut(1) {
            *field = without(field);
        }
        args.return_field = without(&args.return_field);
        match self.0.invoke_with_args(args)? {
            ColumnarValue::Array(starts) => {
                let starts = starts
                    .as_primitive_opt::<TimestampMicrosecondType>()
                    .ok_or_else(|| DataFusionError::Internal("date_trunc gave something else than times".to_owned()))?;
                Ok(ColumnarValue::Array(Arc::new(starts.clone().with_timezone(ZONE))))
            }
            scalar @ ColumnarValue::Scalar(_) => Ok(scalar),
        }
    }
}
